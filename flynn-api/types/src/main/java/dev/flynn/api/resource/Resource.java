package dev.flynn.api.resource;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ProviderId;
import dev.flynn.api.id.ResourceId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * What an app was given: a database, a cache.
 *
 * @param externalId the provider's own id, opaque
 * @param env what the client merges into the app's next release
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Resource(
        ResourceId id,
        ProviderId provider,
        String externalId,
        Map<String, String> env,
        List<AppId> apps,
        Instant createdAt) {

    public Resource {
        env = Map.copyOf(env);
        apps = List.copyOf(apps);
    }

    /** As one that this app uses too. */
    public Resource withApp(AppId app) {
        return withApps(Stream.concat(apps.stream(), Stream.of(app)).distinct().toList());
    }

    /** As one that this app does not use. */
    public Resource withoutApp(AppId app) {
        return withApps(apps.stream().filter(other -> !other.equals(app)).toList());
    }

    private Resource withApps(List<AppId> users) {
        return new Resource(id, provider, externalId, env, users, createdAt);
    }
}
