package dev.flynn.access;

import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.AuthenticatorCapability;
import dev.flynn.spi.auth.Principal;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Accepts what one of several accepts; each is asked every time, so that the time tells nothing. It closes them. */
public final class EitherAuthenticator implements Authenticator {

    private final List<Authenticator> all;

    public EitherAuthenticator(Authenticator... all) {
        this.all = List.of(all);
    }

    @Override
    public Set<AuthenticatorCapability> capabilities() {
        Set<AuthenticatorCapability> capabilities = EnumSet.noneOf(AuthenticatorCapability.class);
        all.forEach(each -> capabilities.addAll(each.capabilities()));
        return capabilities;
    }

    @Override
    public Optional<Principal> authenticate(String key) {
        Optional<Principal> found = Optional.empty();
        for (Authenticator each : all) {
            Optional<Principal> principal = each.authenticate(key);
            if (found.isEmpty()) {
                found = principal;
            }
        }
        return found;
    }

    @Override
    public void close() {
        all.forEach(Authenticator::close);
    }
}
