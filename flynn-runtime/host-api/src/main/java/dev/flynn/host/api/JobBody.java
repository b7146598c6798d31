package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.api.release.Service;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A job that is asked for, as it comes over the wire: what is missing is null. */
record JobBody(
        @Nullable String id,
        @Nullable Map<String, String> metadata,
        @Nullable Artifact artifact,
        @Nullable Map<String, JobForms.LimitForm> resources,
        @Nullable Config config,
        boolean resurrect,
        @Nullable String partition,
        @Nullable List<JsonNode> mountspecs) {

    private static final String DEFAULT_IMAGE_TYPE = "docker";

    /** @param uri what the controller calls the {@code url} */
    record Artifact(
            @Nullable String url,
            @Nullable String uri,
            @Nullable String type) {}

    record Config(
            boolean tty,
            boolean stdin,
            boolean data,
            @Nullable List<String> entryPoint,
            @Nullable List<String> cmd,
            @Nullable List<String> args,
            @Nullable Map<String, String> env,
            @Nullable List<JobForms.MountForm> mounts,
            @Nullable List<JobForms.VolumeForm> volumes,
            @Nullable List<PortBody> ports,
            @Nullable String workingDir,
            boolean hostNetwork,
            boolean disableLog) {}

    record PortBody(
            int port, @Nullable String proto, @Nullable ServiceBody service) {}

    record ServiceBody(
            @Nullable String name, boolean create, @Nullable CheckBody check) {}

    record CheckBody(
            @Nullable String type,
            long interval,
            int threshold,
            boolean killDown,
            long startTimeout,
            @Nullable String path,
            @Nullable String host,
            @Nullable String match,
            int status,
            @JsonProperty("status.omitempty") int historicStatus,
            @Nullable List<String> command) {}

    private static final Config EMPTY =
            new Config(false, false, false, null, null, null, null, null, null, null, null, false, false);

    /**
     * What the host is to run.
     *
     * @param pathId the id in the request's path; one in the body wins
     * @throws FlynnException {@code VALIDATION} naming the field
     */
    JobSpec spec(String pathId, String hostId) {
        Config wanted = config == null ? EMPTY : config;
        boolean hasCommand =
                !orEmpty(wanted.entryPoint).isEmpty() || !orEmpty(wanted.cmd).isEmpty();
        if (!orEmpty(mountspecs).isEmpty()) {
            throw FlynnException.invalidField("mountspecs", "are not supported here; name an artifact");
        }
        return JobSpec.builder(jobId(pathId, hostId), image())
                .metadata(validMetadata())
                .entrypoint(hasCommand ? orEmpty(wanted.entryPoint) : orEmpty(wanted.args))
                .cmd(orEmpty(wanted.cmd))
                .env(wanted.env == null ? Map.of() : withoutNulls("config.env", wanted.env))
                .ports(each("config.ports", orEmpty(wanted.ports), JobBody::port))
                .resources(limits())
                .tty(wanted.tty ? Optional.of(TerminalSize.DEFAULT) : Optional.empty())
                .stdin(wanted.stdin)
                .disableLog(wanted.disableLog)
                .data(wanted.data)
                .hostNetwork(wanted.hostNetwork)
                .resurrect(resurrect)
                .mounts(each("config.mounts", orEmpty(wanted.mounts), JobBody::mount))
                .volumes(each("config.volumes", orEmpty(wanted.volumes), JobBody::volume))
                .workingDirectory(Optional.ofNullable(wanted.workingDir).filter(path -> !path.isEmpty()))
                .partition(Optional.ofNullable(partition)
                        .filter(name -> !name.isEmpty())
                        .map(JobBody::partition))
                .build();
    }

    private static Priority partition(String name) {
        try {
            return Priority.ofWireName(name);
        } catch (FlynnException e) {
            throw FlynnException.invalidField(
                    "partition", "\"%s\" is none of system, user, background".formatted(name));
        }
    }

    private JobId jobId(String pathId, String hostId) {
        String wanted = id == null || id.isEmpty() ? pathId : id;
        String prefix = hostId + "-";
        if (!wanted.startsWith(prefix) || wanted.length() == prefix.length()) {
            throw FlynnException.invalidField(
                    "id", "of a job of this host begins with \"%s\", was \"%s\"".formatted(prefix, wanted));
        }
        return new JobId(wanted);
    }

    private JobSpec.Image image() {
        String type = artifact == null ? null : artifact.type;
        String url = artifact == null ? null : artifact.url;
        if (artifact != null && (url == null || url.isEmpty())) {
            url = artifact.uri;
        }
        if (url == null || url.isEmpty()) {
            throw FlynnException.invalidField("artifact.url", "must not be blank");
        }
        return new JobSpec.Image(type == null || type.isEmpty() ? DEFAULT_IMAGE_TYPE : type, url);
    }

    /** What components read from metadata has to be readable, or one job would stop them all. */
    private Map<String, String> validMetadata() {
        Map<String, String> given = metadata == null ? Map.of() : withoutNulls("metadata", metadata);
        requireId(given, JobSpec.META_APP, AppId::of);
        if (!given.getOrDefault(JobSpec.META_RELEASE, "").isEmpty()) {
            requireId(given, JobSpec.META_RELEASE, ReleaseId::of);
        }
        return given;
    }

    private static void requireId(Map<String, String> metadata, String key, Function<String, ?> parse) {
        String value = metadata.get(key);
        if (value != null) {
            named("metadata", () -> parse.apply(value));
        }
    }

    private Map<String, ResourceLimit> limits() {
        Map<String, ResourceLimit> limits = new HashMap<>();
        if (resources != null) {
            resources.forEach((type, limit) -> limits.put(
                    type,
                    limit == null
                            ? new ResourceLimit(OptionalLong.empty(), OptionalLong.empty())
                            : new ResourceLimit(optional(limit.request()), optional(limit.limit()))));
        }
        return limits;
    }

    private static Port port(PortBody body) {
        String proto = body.proto == null || body.proto.isEmpty() ? "tcp" : body.proto;
        return new Port(body.port, proto, Optional.ofNullable(body.service).map(JobBody::service));
    }

    private static Service service(ServiceBody body) {
        if (body.name == null || body.name.isEmpty()) {
            throw FlynnException.invalidField("service.name", "must not be blank");
        }
        return new Service(
                body.name, body.create, Optional.ofNullable(body.check).map(JobBody::check));
    }

    private static HealthCheck check(CheckBody body) {
        int status = body.status != 0 ? body.status : body.historicStatus;
        return new HealthCheck(
                body.type == null ? "" : body.type,
                body.interval == 0 ? HealthCheck.DEFAULT_INTERVAL : Duration.ofNanos(body.interval),
                body.threshold == 0 ? HealthCheck.DEFAULT_THRESHOLD : body.threshold,
                body.killDown,
                body.startTimeout == 0 ? HealthCheck.DEFAULT_START_TIMEOUT : Duration.ofNanos(body.startTimeout),
                body.path == null || body.path.isEmpty() ? "/" : body.path,
                Optional.ofNullable(body.host).filter(host -> !host.isEmpty()),
                Optional.ofNullable(body.match).filter(match -> !match.isEmpty()),
                status == 0 ? 200 : status,
                orEmpty(body.command));
    }

    private static Mount mount(JobForms.MountForm form) {
        return new Mount(
                form.target() == null ? "" : form.target(),
                form.location() == null ? "" : form.location(),
                form.writeable() ? Mount.Access.READ_WRITE : Mount.Access.READ_ONLY);
    }

    private static VolumeBinding volume(JobForms.VolumeForm form) {
        if (form.deleteOnStop()) {
            throw FlynnException.invalidField(
                    "delete_on_stop", "is not supported here; delete the volume when the job is over");
        }
        return new VolumeBinding(
                form.volume() == null ? "" : form.volume(),
                form.target() == null ? "" : form.target(),
                form.writeable());
    }

    // nulls

    private static OptionalLong optional(@Nullable Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    private static Map<String, String> withoutNulls(String field, Map<String, String> map) {
        map.forEach((key, value) -> {
            if (value == null) {
                throw FlynnException.invalidField(field, "has no text for \"" + key + "\"");
            }
        });
        return map;
    }

    private static <F, T> List<T> each(String field, List<F> forms, Function<F, T> parse) {
        return named(
                field,
                () -> forms.stream()
                        .map(form -> {
                            if (form == null) {
                                throw FlynnException.invalid("has an entry that is null");
                            }
                            return parse.apply(form);
                        })
                        .toList());
    }

    /** Says of a failure which field of the request it is about. */
    private static <T> T named(String field, Supplier<T> value) {
        try {
            return value.get();
        } catch (FlynnException e) {
            String inner = e.field().map(name -> "." + name).orElse("");
            String problem = e.field()
                    .map(name -> e.getMessage().substring(name.length() + 1))
                    .orElse(e.getMessage());
            throw FlynnException.invalidField(field + inner, problem);
        }
    }
}
