package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Prepares one-off jobs: what they run, with which environment, on which host (contract: controller, Run a job). */
final class JobRunner {

    private final ClusterState state;
    private final HostConnections hosts;
    private final DiskReserve disk;

    JobRunner(ClusterState state, HostConnections hosts, DiskReserve disk) {
        this.state = state;
        this.hosts = hosts;
        this.disk = disk;
    }

    /** A job that is ready to be made wanted, and the host that will run it. */
    record Prepared(JobSpec spec, HostConnection host) {}

    /**
     * @param attached whether somebody will give the job its input
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the release or its image does not exist, {@code NO_CAPACITY} if no
     *     host can be reached or disks are full
     */
    Prepared prepare(App app, NewJob request, boolean attached) {
        if (request.release().isEmpty() && request.artifact().isEmpty()) {
            throw ReleaseCatalog.required("release");
        }
        disk.require("job");
        Optional<Release> release =
                request.release().map(id -> state.releases().get(id.toString()).value());
        Artifact artifact = artifact(request, release);
        return onAnyHost((hostId, host) ->
                new Prepared(spec(JobId.random(hostId), app, request, release, artifact, attached), host));
    }

    /** Makes a job wanted; its host starts it. */
    void create(JobSpec spec) {
        state.jobs().create(JobRecord.pending(spec, 0, state.clock().instant()));
    }

    private Artifact artifact(NewJob request, Optional<Release> release) {
        ArtifactId id = request.artifact()
                .or(() -> release.flatMap(Release::artifact))
                .orElseThrow(() -> FlynnException.notFound(
                        "artifact of release",
                        request.release().map(ReleaseId::toString).orElse("")));
        return state.artifacts().get(id.toString()).value();
    }

    private interface Placement {
        Prepared on(String hostId, HostConnection host);
    }

    private Prepared onAnyHost(Placement placement) {
        List<String> ids = new ArrayList<>(state.hosts().list().stream()
                .map(Versioned::value)
                .map(host -> host.id())
                .toList());
        Collections.shuffle(ids);
        List<String> unreachable = new ArrayList<>();
        for (String id : ids) {
            try {
                return placement.on(id, hosts.connect(id));
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                unreachable.add(id);
            }
        }
        throw new FlynnException(
                ErrorCode.NO_CAPACITY,
                ids.isEmpty()
                        ? "no host has joined the cluster yet; start flynn-host and try again"
                        : "none of the hosts %s can be reached now; see that flynn-host runs there"
                                .formatted(unreachable));
    }

    private static JobSpec spec(
            JobId id, App app, NewJob request, Optional<Release> release, Artifact artifact, boolean attached) {
        String releaseId = release.map(known -> known.id().toString()).orElse("");
        Map<String, String> env = new HashMap<>();
        env.put("FLYNN_APP_ID", app.id().toString());
        env.put("FLYNN_RELEASE_ID", releaseId);
        env.put("FLYNN_PROCESS_TYPE", "");
        env.put("FLYNN_JOB_ID", id.value());
        if (request.releaseEnv()) {
            release.ifPresent(known -> env.putAll(known.env()));
        }
        env.putAll(request.env());
        Map<String, String> metadata = new HashMap<>(request.meta());
        metadata.keySet().removeIf(key -> key.startsWith("flynn-controller."));
        metadata.put(JobSpec.META_APP, app.id().toString());
        metadata.put(JobSpec.META_APP_NAME, app.name());
        metadata.put(JobSpec.META_RELEASE, releaseId);
        return new JobSpec(
                id,
                metadata,
                new JobSpec.Image(artifact.type(), artifact.uri()),
                request.entrypoint(),
                request.cmd(),
                env,
                List.of(),
                ResourceLimit.withDefaults(request.resources()),
                terminal(request),
                attached,
                request.disableLog(),
                false,
                false,
                false);
    }

    private static Optional<TerminalSize> terminal(NewJob request) {
        if (!request.tty()) {
            return Optional.empty();
        }
        int columns = request.ttyColumns() > 0 ? request.ttyColumns() : TerminalSize.DEFAULT.columns();
        int lines = request.ttyLines() > 0 ? request.ttyLines() : TerminalSize.DEFAULT.lines();
        return Optional.of(new TerminalSize(columns, lines));
    }
}
