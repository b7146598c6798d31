package dev.flynn.api.job;

import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.ResourceLimit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a client sends to run a one-off job (contract: controller, NewJob).
 *
 * @param release whose image the job runs; required by the controller unless {@code artifact} is given
 * @param artifact runs this image instead of the release's
 * @param releaseEnv whether the job gets the release's env
 * @param env overrides everything, even {@code FLYNN_*}
 * @param ttyColumns initial width of the terminal, 0 for the default
 * @param disableLog whether the output stays out of the app's log
 * @param data whether it gets a volume at {@code /data}
 * @param partition whose jobs it is one of; {@code system} ones start where there is no room, too
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record NewJob(
        Optional<ReleaseId> release,
        Optional<ArtifactId> artifact,
        boolean releaseEnv,
        List<String> cmd,
        List<String> entrypoint,
        Map<String, String> env,
        Map<String, String> meta,
        boolean tty,
        int ttyColumns,
        int ttyLines,
        boolean disableLog,
        Map<String, ResourceLimit> resources,
        boolean data,
        Optional<Priority> partition) {

    public NewJob {
        cmd = List.copyOf(cmd);
        entrypoint = List.copyOf(entrypoint);
        env = Map.copyOf(env);
        meta = Map.copyOf(meta);
        resources = Map.copyOf(resources);
    }

    /** One without a volume, of the app's own jobs. */
    public NewJob(
            Optional<ReleaseId> release,
            Optional<ArtifactId> artifact,
            boolean releaseEnv,
            List<String> cmd,
            List<String> entrypoint,
            Map<String, String> env,
            Map<String, String> meta,
            boolean tty,
            int ttyColumns,
            int ttyLines,
            boolean disableLog,
            Map<String, ResourceLimit> resources) {
        this(
                release,
                artifact,
                releaseEnv,
                cmd,
                entrypoint,
                env,
                meta,
                tty,
                ttyColumns,
                ttyLines,
                disableLog,
                resources,
                false,
                Optional.empty());
    }
}
