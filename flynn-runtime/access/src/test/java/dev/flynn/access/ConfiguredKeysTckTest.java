package dev.flynn.access;

import dev.flynn.api.access.Scope;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.Principal;
import dev.flynn.tck.auth.AuthenticatorTck;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Its keys are fixed when it is made, so that a new key means a new one behind the same door. */
class ConfiguredKeysTckTest extends AuthenticatorTck {

    private final List<String> keys = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private ConfiguredKeys configured = new ConfiguredKeys(List.of());

    @Override
    protected Authenticator openAuthenticator() {
        return new Authenticator() {
            @Override
            public Optional<Principal> authenticate(String key) {
                return configured.authenticate(key).map(this::renamed);
            }

            /** The kit chooses names; these keys are numbered. */
            private Principal renamed(Principal principal) {
                int number = Integer.parseInt(principal.name().substring(ConfiguredKeys.PREFIX.length()));
                return new Principal(names.get(number - 1), principal.scopes());
            }

            @Override
            public void close() {
                configured.close();
            }

            @Override
            public String toString() {
                return configured.toString();
            }
        };
    }

    @Override
    protected String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        keys.add(UUID.randomUUID().toString());
        names.add(name);
        configured = new ConfiguredKeys(keys);
        return keys.get(keys.size() - 1);
    }
}
