package dev.flynn.api.access;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Asks for a key.
 *
 * @param scopes as {@link Scope} writes them; an app may also be named by its name
 * @param expiresAt empty for a key that does not expire
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record NewAccessKey(String name, List<String> scopes, Optional<Instant> expiresAt) {

    public NewAccessKey {
        scopes = List.copyOf(scopes);
    }
}
