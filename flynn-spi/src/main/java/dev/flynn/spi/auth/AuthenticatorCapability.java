package dev.flynn.spi.auth;

import org.apiguardian.api.API;

/** What an {@link Authenticator} may be able to do. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum AuthenticatorCapability {
    /** Keys may have other scopes than {@code admin}. */
    SCOPES,
    /** Keys may end by themselves. */
    EXPIRY,
    /** Keys may be taken back while it is open. */
    REVOCATION
}
