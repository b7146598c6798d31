package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jobs as the wire has them (contract: layer 0, Objects); what is null or empty is left out. */
final class JobForms {

    private JobForms() {}

    /** What is asked for. */
    record JobForm(
            @Nullable String id,
            @Nullable Map<String, String> metadata,
            @JsonInclude(JsonInclude.Include.ALWAYS) ArtifactForm artifact,
            @Nullable Map<String, LimitForm> resources,
            @JsonInclude(JsonInclude.Include.ALWAYS) ConfigForm config,
            @Nullable String partition,
            boolean resurrect) {}

    record ArtifactForm(@Nullable String url, @Nullable String type) {}

    record LimitForm(
            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long request,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long limit) {}

    record ConfigForm(
            boolean tty,
            boolean stdin,
            boolean data,
            @Nullable List<String> entryPoint,
            @Nullable List<String> cmd,
            @Nullable Map<String, String> env,
            @Nullable List<MountForm> mounts,
            @Nullable List<VolumeForm> volumes,
            @Nullable List<PortForm> ports,
            @Nullable String workingDir,
            boolean hostNetwork,
            boolean disableLog) {}

    record MountForm(@Nullable String location, @Nullable String target, boolean writeable) {}

    record VolumeForm(
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable
            String target,

            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable
            String volume,

            @JsonInclude(JsonInclude.Include.ALWAYS) boolean writeable,
            boolean deleteOnStop) {}

    record PortForm(
            int port, @Nullable String proto, @Nullable ServiceForm service) {}

    record ServiceForm(
            @Nullable String name, boolean create, @Nullable CheckForm check) {}

    /**
     * @param historicStatus the same as {@code status}, under the key by which clients of 2015 know it
     */
    record CheckForm(
            @Nullable String type,
            long interval,
            int threshold,
            boolean killDown,
            long startTimeout,
            @Nullable String path,
            @Nullable String host,
            @Nullable String match,
            int status,

            @JsonProperty("status.omitempty") @JsonInclude(JsonInclude.Include.ALWAYS)
            int historicStatus,

            @Nullable List<String> command) {}

    /** A job and what became of it. */
    record ActiveJobForm(
            @JsonInclude(JsonInclude.Include.ALWAYS) JobForm job,
            String hostId,
            @Nullable String internalIp,
            boolean forceStop,
            int status,
            @JsonInclude(JsonInclude.Include.ALWAYS) String createdAt,
            @JsonInclude(JsonInclude.Include.ALWAYS) String startedAt,
            @JsonInclude(JsonInclude.Include.ALWAYS) String endedAt,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Integer exitStatus,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String error) {}

    record EventForm(String event, String jobId, @Nullable ActiveJobForm job) {}
}
