package dev.flynn.spi.auth;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.access.Scope;
import dev.flynn.api.id.AppId;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Who sent a request.
 *
 * @param name for logs; not a secret
 * @param scopes a set that {@link Scope#requireValid} accepts
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Principal(String name, Set<Scope> scopes) {

    public Principal {
        requireNonNull(name, "name");
        scopes = Set.copyOf(scopes);
        Scope.requireValid(scopes);
    }

    public static Principal admin(String name) {
        return new Principal(name, Set.of(Scope.ADMIN));
    }

    public boolean isAdmin() {
        return scopes.contains(Scope.ADMIN);
    }

    /** Whether it may only look, and not at secrets. */
    public boolean isReader() {
        return scopes.contains(Scope.READ);
    }

    /** Whether it may deploy, and change nothing else. */
    public boolean isDeployer() {
        return scopes.contains(Scope.DEPLOY);
    }

    /** The app that it is confined to. */
    public Optional<AppId> onlyApp() {
        return scopes.stream().flatMap(scope -> scope.app().stream()).findFirst();
    }
}
