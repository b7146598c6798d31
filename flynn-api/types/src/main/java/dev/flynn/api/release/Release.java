package dev.flynn.api.release;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * An immutable set of artifacts, environment and process types.
 *
 * @param app the app that it was made for, where known; older clients do not say
 * @param artifacts what its jobs run, the first one being the image; without any it cannot be scaled or run
 * @param env environment of every process type
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Release(
        ReleaseId id,
        Optional<AppId> app,
        List<ArtifactId> artifacts,
        Map<String, String> env,
        Map<String, String> meta,
        Map<String, ProcessType> processes,
        Instant createdAt) {

    public Release {
        requireNonNull(id, "id");
        requireNonNull(app, "app");
        requireNonNull(createdAt, "createdAt");
        artifacts = List.copyOf(artifacts);
        env = Map.copyOf(env);
        meta = Map.copyOf(meta);
        processes = Map.copyOf(processes);
    }

    /** The image that its jobs run. */
    public Optional<ArtifactId> artifact() {
        return artifacts.stream().findFirst();
    }
}
