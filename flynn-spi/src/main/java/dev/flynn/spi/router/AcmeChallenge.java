package dev.flynn.spi.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * What a certificate authority will ask for, to see that whoever asked it for a certificate has the domain (RFC 8555, section
 * 8). The router answers while the challenge is in its table.
 *
 * @param domain that the certificate is for: an exact host, in lower case
 * @param token that the authority chose; it names the resource that is asked for by {@code HTTP_01}
 * @param keyAuthorization the token, a dot, and the thumbprint of the account's key: no secret
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AcmeChallenge(Kind kind, String domain, String token, String keyAuthorization) {

    /** Base64url, so that it is a segment of a path as it is (RFC 8555, section 8.1). */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,512}");

    private static final Pattern KEY_AUTHORIZATION = Pattern.compile("[A-Za-z0-9_-]{1,512}\\.[A-Za-z0-9_-]{1,512}");

    /** How it is asked. */
    public enum Kind {
        /** By a request for {@code /.well-known/acme-challenge/<token>} (RFC 8555, section 8.3). */
        HTTP_01,
        /** By a handshake for the protocol {@code acme-tls/1} (RFC 8737). */
        TLS_ALPN_01
    }

    public AcmeChallenge {
        requireNonNull(kind, "kind");
        domain = domain.toLowerCase(Locale.ROOT);
        if (!TOKEN.matcher(token).matches()
                || !KEY_AUTHORIZATION.matcher(keyAuthorization).matches()) {
            throw FlynnException.invalid(
                    "the challenge for %s must have a token and a key authorization in base64url".formatted(domain));
        }
    }

    /** What a router must be able to do for it. */
    Set<RouterCapability> needs() {
        return Set.of(RouterCapability.ACME_CHALLENGES);
    }
}
