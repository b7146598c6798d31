package dev.flynn.state.acme;

import java.time.Instant;
import java.util.Optional;

/**
 * What goes on to get a certificate, so that whoever takes over goes on with the same order.
 *
 * @param order its URL, while there is one
 * @param sealedKey the private key that the order is for, PEM, encrypted
 * @param failures without a success in between
 * @param error what was said last
 * @param notBefore of the next attempt
 */
public record CertificateAttempt(
        Optional<String> order,
        Optional<String> sealedKey,
        int failures,
        Optional<String> error,
        Optional<Instant> failedAt,
        Optional<Instant> notBefore) {

    public static final CertificateAttempt NONE = new CertificateAttempt(
            Optional.empty(), Optional.empty(), 0, Optional.empty(), Optional.empty(), Optional.empty());

    public CertificateAttempt ordered(String url, String sealed) {
        return new CertificateAttempt(Optional.of(url), Optional.of(sealed), failures, error, failedAt, notBefore);
    }

    /** The order may still be good: whoever goes on with it will see. */
    public CertificateAttempt failed(String reason, Instant at, Instant next) {
        return new CertificateAttempt(
                order, sealedKey, failures + 1, Optional.of(reason), Optional.of(at), Optional.of(next));
    }

    /** As soon as possible, with all else as it is. */
    public CertificateAttempt now() {
        return new CertificateAttempt(order, sealedKey, failures, error, failedAt, Optional.empty());
    }
}
