package dev.flynn.access;

import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys of the controller's settings: all-powerful, and good until the settings change. Their principals are {@code
 * auth-key-1}, {@code auth-key-2}, in the order of the list.
 */
public final class ConfiguredKeys implements Authenticator {

    /** How the names of their principals begin. */
    static final String PREFIX = "auth-key-";

    private final List<Holder> holders = new ArrayList<>();
    private volatile boolean closed;

    public ConfiguredKeys(List<String> keys) {
        for (String key : keys) {
            holders.add(new Holder(KeyDigest.of(key), Principal.admin(PREFIX + (holders.size() + 1))));
        }
    }

    private record Holder(KeyDigest digest, Principal principal) {}

    @Override
    public Optional<Principal> authenticate(String key) {
        KeyDigest given = KeyDigest.of(key);
        Optional<Principal> found = Optional.empty();
        for (Holder holder : holders) {
            boolean matches = holder.digest().matches(given);
            if (matches && found.isEmpty() && !closed) {
                found = Optional.of(holder.principal());
            }
        }
        return found;
    }

    @Override
    public void close() {
        closed = true;
    }
}
