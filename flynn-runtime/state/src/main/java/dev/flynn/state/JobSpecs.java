package dev.flynn.state;

import dev.flynn.api.app.App;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Turns what a release says of a process type into what a host runs (contract: controller, What a job sees). */
public final class JobSpecs {

    private JobSpecs() {}

    /** The job of one process type of a release. */
    public static JobSpec ofProcessType(
            JobId id, App app, Release release, Artifact artifact, String type, ProcessType process) {
        return ofProcessType(id, app, release, artifact, type, process, Map.of());
    }

    /**
     * The job of one process type of a release.
     *
     * @param marks further metadata, whatever the app's own says; what is empty is not there
     */
    public static JobSpec ofProcessType(
            JobId id,
            App app,
            Release release,
            Artifact artifact,
            String type,
            ProcessType process,
            Map<String, Optional<String>> marks) {
        Map<String, String> env = new HashMap<>(release.env());
        env.putAll(process.env());
        env.put("FLYNN_APP_ID", app.id().toString());
        env.put("FLYNN_APP_NAME", app.name());
        env.put("FLYNN_RELEASE_ID", release.id().toString());
        env.put("FLYNN_PROCESS_TYPE", type);
        env.put("FLYNN_JOB_ID", id.value());
        Map<String, String> metadata = new HashMap<>(app.meta());
        metadata.put(JobSpec.META_APP, app.id().toString());
        metadata.put(JobSpec.META_APP_NAME, app.name());
        metadata.put(JobSpec.META_RELEASE, release.id().toString());
        metadata.put(JobSpec.META_TYPE, type);
        marks.forEach(
                (key, value) -> value.ifPresentOrElse(text -> metadata.put(key, text), () -> metadata.remove(key)));
        return JobSpec.builder(id, new JobSpec.Image(artifact.type(), artifact.uri()))
                .metadata(metadata)
                .entrypoint(process.entrypoint())
                .cmd(process.cmd())
                .env(env)
                .ports(process.ports())
                .resources(ResourceLimit.withDefaults(process.resources()))
                .data(process.data())
                .hostNetwork(process.hostNetwork())
                .resurrect(process.resurrect())
                .partition(Optional.of(
                        Placement.of(Optional.of(app), release, type).priority()))
                .build();
    }
}
