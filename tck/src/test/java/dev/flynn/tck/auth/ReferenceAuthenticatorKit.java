package dev.flynn.tck.auth;

import dev.flynn.api.access.Scope;
import dev.flynn.spi.auth.Authenticator;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** The kit on a list of digests. */
abstract class ReferenceAuthenticatorKit extends AuthenticatorTck {

    ReferenceAuthenticator reference;

    ReferenceAuthenticator create() {
        return new ReferenceAuthenticator();
    }

    @Override
    protected Authenticator openAuthenticator() {
        reference = create();
        return reference;
    }

    @Override
    protected String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        return reference.issue(name, scopes, expiresAt);
    }

    @Override
    protected void revoke(String name) {
        reference.revoke(name);
    }

    @Override
    protected Instant now() {
        return reference.now;
    }

    @Override
    protected void advanceTo(Instant instant) {
        reference.now = instant;
    }
}
