package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.JobId;
import dev.flynn.disk.VolumeShelf;
import dev.flynn.json.FlynnJson;
import dev.flynn.json.Times;
import dev.flynn.state.ClusterState;
import dev.flynn.state.VolumeRecord;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Volumes over the wire (contract: layer 0, Volumes). A host has one provider, {@code default}, of the kind that its data
 * directory's file system has.
 */
final class StorageEndpoints {

    private static final String PROVIDER = "default";

    /** Followed by the kind of the volumes: only hosts of one kind understand each other. */
    private static final String STREAM = "application/vnd.flynn.volume.";

    private final Optional<Volumes> volumes;
    private final HostClientAccess access;
    private final ClusterState state;
    private final FlynnJson json;

    /**
     * @param volumes of this host; empty if its jobs have none
     * @param access to other hosts
     */
    StorageEndpoints(Optional<Volumes> volumes, HostClientAccess access, ClusterState state) {
        this.volumes = volumes;
        this.access = access;
        this.state = state;
        this.json = state.json();
    }

    /** In what form a snapshot is asked for by a host with volumes of this kind. */
    static String mediaType(String kind) {
        return STREAM + kind;
    }

    /** @param path what follows {@code storage} */
    Answer answer(String method, List<String> path, Map<String, String> query, String accept, byte[] body) {
        try {
            return switch (method + " " + form(path)) {
                case "GET volumes" -> list("true".equals(query.get("cluster")));
                case "POST gc" -> Answer.json(json.writeBytes(new VolumeShelf(volumes()).collectAll()));
                case "POST providers" -> createProvider(body);
                case "POST providers/*/volumes" -> create(path.get(1), body);
                case "GET volumes/*" -> info(volumes().get(path.get(1)));
                case "DELETE volumes/*" -> delete(path.get(1), "true".equals(query.get("abandon")));
                case "PUT volumes/*/snapshot" -> info(volumes().snapshot(path.get(1)));
                case "POST volumes/*/pull_snapshot" -> pull(path.get(1), body);
                case "GET volumes/*/send" -> send(path.get(1), accept);
                default -> Answer.notFound();
            };
        } catch (IOException e) {
            throw FlynnException.unavailable("the host's volumes: " + e.getMessage(), e);
        }
    }

    /** The path with a star for what is named by it. */
    private static String form(List<String> path) {
        return switch (path.size()) {
            case 1 -> path.get(0);
            case 2 -> path.get(0) + "/*";
            case 3 -> path.get(0) + "/*/" + path.get(2);
            default -> "";
        };
    }

    private Volumes volumes() {
        return volumes.orElseThrow(
                () -> new FlynnException(
                        ErrorCode.OBJECT_NOT_FOUND,
                        "this host has no volumes: its jobs run in a backend that knows none; start it with --backend oci or docker"));
    }

    // ---- providers

    private record ProviderBody(
            @Nullable String id, @Nullable String kind) {}

    private Answer createProvider(byte[] body) {
        ProviderBody wanted = Requests.read(json, body, ProviderBody.class);
        String kind = wanted.kind() == null ? "" : wanted.kind();
        if (kind.isEmpty()) {
            throw FlynnException.invalidField("kind", "must not be blank");
        }
        String known = volumes.map(Volumes::kind).orElse("none");
        if (!kind.equals(known)) {
            throw FlynnException.invalidField(
                    "kind", "\"%s\" is not known: this host's volumes are of kind %s".formatted(kind, known));
        }
        if (PROVIDER.equals(wanted.id())) {
            throw new FlynnException(ErrorCode.OBJECT_EXISTS, "volume provider \"default\" exists already");
        }
        throw FlynnException.unsupported("a volume provider beside \"default\"");
    }

    private void requireProvider(String id) {
        if (!id.equals(PROVIDER) || volumes.isEmpty()) {
            throw new FlynnException(
                    ErrorCode.OBJECT_NOT_FOUND,
                    volumes.isEmpty()
                            ? "volume provider \"%s\" does not exist: this host has none".formatted(id)
                            : "volume provider \"%s\" does not exist; there is \"default\"".formatted(id));
        }
    }

    // ---- volumes

    private record InfoBody(@Nullable String id, @Nullable Map<String, String> meta) {}

    /** What is known of a volume; all but the first four fields are this implementation's. */
    private record InfoForm(
            String id,
            String type,
            Map<String, String> meta,
            String createdAt,
            String hostId,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String jobId,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String snapshotOf,

            String usedAt) {

        static InfoForm of(VolumeRecord volume) {
            Map<String, String> meta = new TreeMap<>(volume.meta());
            volume.app().ifPresent(app -> meta.put(JobSpec.META_APP, app.toString()));
            volume.processType().ifPresent(type -> meta.put(JobSpec.META_TYPE, type));
            return new InfoForm(
                    volume.id(),
                    "data",
                    meta,
                    time(volume.createdAt()),
                    volume.hostId(),
                    volume.holder().map(JobId::value).orElse(null),
                    volume.snapshotOf().orElse(null),
                    time(volume.usedAt()));
        }

        private static String time(Instant time) {
            return Times.formatNanos(time);
        }
    }

    private Answer list(boolean everywhere) {
        List<VolumeRecord> all = volumes.map(here -> everywhere ? here.listEverywhere() : here.list())
                .orElse(List.of());
        return Answer.json(json.writeBytes(all.stream().map(InfoForm::of).toList()));
    }

    private Answer info(VolumeRecord volume) {
        return Answer.json(json.writeBytes(InfoForm.of(volume)));
    }

    private Answer create(String provider, byte[] body) throws IOException {
        requireProvider(provider);
        InfoBody wanted = body.length == 0 ? new InfoBody(null, null) : Requests.read(json, body, InfoBody.class);
        String id =
                wanted.id() == null || wanted.id().isEmpty() ? UUID.randomUUID().toString() : wanted.id();
        Map<String, String> meta = wanted.meta() == null ? Map.of() : wanted.meta();
        if (meta.containsKey(JobSpec.META_APP) || meta.containsKey(JobSpec.META_TYPE)) {
            // a job of that type would begin with it, empty as it is
            throw FlynnException.invalidField("meta", "must not name an app: its volumes are made for its jobs");
        }
        return info(volumes().create(id, meta));
    }

    private Answer delete(String id, boolean abandon) throws IOException {
        if (abandon) {
            volumes().abandon(id);
        } else {
            volumes().delete(id);
        }
        return Answer.empty();
    }

    // ---- between hosts

    /** @param discard leaves no snapshot of what was pulled */
    private record PullBody(
            @Nullable String hostId, @Nullable String snapshotId, boolean discard) {}

    private Answer pull(String id, byte[] body) throws IOException {
        PullBody wanted = Requests.read(json, body, PullBody.class);
        String hostId = required("host_id", wanted.hostId());
        VolumeRecord source = volumes().snapshotOn(hostId, required("snapshot_id", wanted.snapshotId()));
        try (SnapshotStream stream = new HostClient(hostId, address(hostId), access, json)
                .openSnapshot(source.id(), mediaType(volumes().kind()))) {
            volumes().receive(id, source, stream.in());
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "snapshot %s of host \"%s\" did not come whole, and volume %s is as it was; try again: %s"
                            .formatted(source.id(), hostId, id, e.getMessage()),
                    e);
        }
        return info(wanted.discard() ? volumes().get(id) : volumes().snapshot(id));
    }

    private static String required(String field, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            throw FlynnException.invalidField(field, "must not be blank");
        }
        return value;
    }

    private String address(String hostId) {
        Host host = state.hosts().get(hostId).value();
        return URI.create(host.url()).getAuthority();
    }

    /** The list of snapshots that the puller has is not looked at: what is sent is always the whole. */
    private Answer send(String id, String accept) {
        Volumes here = volumes();
        VolumeRecord snapshot = here.requireSnapshot(id);
        String type = mediaType(here.kind());
        if (!accept.contains(type)) {
            throw FlynnException.invalid(
                    "this host sends snapshots as %s, and the request accepts \"%s\"".formatted(type, accept));
        }
        return Answer.stream(type, to -> here.send(snapshot.id(), to));
    }

    /** What another job has is refused at once; what is not there fails the job, when it is to begin. */
    void requireFree(JobSpec spec) {
        if (spec.volumes().isEmpty() || volumes.isEmpty()) {
            return;
        }
        Set<String> named = spec.volumes().stream().map(VolumeBinding::volume).collect(Collectors.toSet());
        volumes.get().list().stream()
                .filter(volume -> named.contains(volume.id()))
                .filter(volume -> !volume.holder().orElse(spec.id()).equals(spec.id()))
                .findFirst()
                .ifPresent(volume -> {
                    throw FlynnException.conflict("volume %s is in use by job %s"
                            .formatted(volume.id(), volume.holder().orElseThrow()));
                });
    }
}
