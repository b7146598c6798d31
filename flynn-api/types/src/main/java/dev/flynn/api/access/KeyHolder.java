package dev.flynn.api.access;

import java.util.List;
import org.apiguardian.api.API;

/**
 * Whose key a request came with.
 *
 * @param name of the key
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record KeyHolder(String name, List<Scope> scopes) {

    public KeyHolder {
        scopes = List.copyOf(scopes);
    }
}
