package dev.flynn.api.certificate;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * How it stands with the certificate of a domain for which the cluster gets it.
 *
 * @param issuedAt from when the one that is there is good; empty while there is none
 * @param renewAt when another one will be asked for
 * @param failures attempts that failed since the last one that did not
 * @param error what the authority said last, in its own words, if an attempt failed
 * @param nextAttemptAt before which nothing is asked for after a failure
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record DomainCertificate(
        String domain,
        State state,
        Optional<Instant> issuedAt,
        Optional<Instant> expiresAt,
        Optional<Instant> renewAt,
        int failures,
        Optional<String> error,
        Optional<Instant> failedAt,
        Optional<Instant> nextAttemptAt) {

    /** In lower case on the wire. */
    public enum State {
        /** There is none yet; none of the attempts has failed. */
        WAITING,
        /** It is there and good. */
        ISSUED,
        /** The last attempt failed; one that was there before serves on. */
        FAILING;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static State ofWireName(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }
    }
}
