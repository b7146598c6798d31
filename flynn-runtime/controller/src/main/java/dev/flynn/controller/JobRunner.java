package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Prepares one-off jobs: what they run, with which environment, on which host (contract: controller, Run a job). */
public final class JobRunner {

    /** How many hosts an error names. */
    private static final int NAMED_HOSTS = 10;

    private final ClusterState state;
    private final Discovery discovery;
    private final HostConnections hosts;
    private final DiskReserve disk;

    JobRunner(ClusterState state, Discovery discovery, HostConnections hosts, DiskReserve disk) {
        this.state = state;
        this.discovery = discovery;
        this.hosts = hosts;
        this.disk = disk;
    }

    /** A job that can run on any host. */
    public record Plan(App app, NewJob request, Optional<Release> release, Artifact artifact, boolean attached) {

        JobSpec on(String hostId) {
            return spec(JobId.random(hostId), app, request, release, artifact, attached);
        }

        /** What of a host the job has to itself. */
        Capacity reserved() {
            return Capacity.reservedBy(ResourceLimit.withDefaults(request.resources()));
        }

        public boolean hasTerminal() {
            return request.tty();
        }
    }

    /**
     * @param attached whether somebody will give the job its input
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the release or its image does not exist, {@code NO_CAPACITY} if disks
     *     are full
     */
    public Plan plan(App app, NewJob request, boolean attached) {
        if (request.release().isEmpty() && request.artifact().isEmpty()) {
            throw ReleaseCatalog.required("release");
        }
        disk.require("job");
        Optional<Release> release =
                request.release().map(id -> state.releases().get(id.toString()).value());
        return new Plan(app, request, release, artifact(request, release), attached);
    }

    /** What is done with a host before a job is wanted there. */
    @FunctionalInterface
    public interface Preparation {
        /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if another host shall be tried */
        void on(JobSpec job, HostConnection host);
    }

    /**
     * Makes the job wanted on a host that can be reached; the host starts it.
     *
     * @throws FlynnException {@code NO_CAPACITY} if there is no such host, or none of them has room for what the job reserves
     */
    public JobSpec run(Plan plan, Preparation preparation) {
        List<Host> all = new ArrayList<>(
                state.hosts().list().stream().map(Versioned::value).toList());
        List<String> candidates = candidates(all, plan);
        List<String> reasons = new ArrayList<>();
        for (String id : candidates) {
            JobSpec spec = plan.on(id);
            try {
                preparation.on(spec, hosts.connect(id));
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                reasons.add(e.getMessage());
                continue;
            }
            state.jobs().create(JobRecord.pending(spec, 0, state.clock().instant()));
            return spec;
        }
        throw new FlynnException(
                ErrorCode.NO_CAPACITY,
                all.isEmpty()
                        ? "no host has joined the cluster yet; start flynn-host and try again"
                        : "no host can be reached now (%s); see that flynn-host runs there"
                                .formatted(String.join("; ", reasons)));
    }

    /**
     * The hosts that have room, in random order; those that are drained, or seem to be dead, come last. A job of the platform
     * starts on any: it may be what makes room again.
     *
     * @throws FlynnException {@code NO_CAPACITY} if none of several has room, naming what each one has
     */
    private List<String> candidates(List<Host> all, Plan plan) {
        Capacity need = plan.reserved();
        boolean first = plan.request().partition().equals(Optional.of(Priority.SYSTEM));
        Set<String> alive = discovery.instances(HostPresence.SERVICE).stream()
                .flatMap(instance -> HostPresence.hostId(instance).stream())
                .collect(Collectors.toSet());
        var room = new HostRoom(all, need.isNone() ? List.of() : jobs());
        List<Host> fitting = new ArrayList<>(all.stream()
                .filter(host -> !host.full() && (first || room.free(host).holds(need)))
                .toList());
        if (fitting.isEmpty() && !all.isEmpty()) {
            throw new FlynnException(ErrorCode.NO_CAPACITY, withoutRoom(room, need));
        }
        Collections.shuffle(fitting);
        return fitting.stream()
                .sorted(Comparator.comparing((Host host) -> !alive.contains(host.id()))
                        .thenComparing(Host::draining))
                .map(Host::id)
                .toList();
    }

    private List<JobRecord> jobs() {
        return state.jobs().table().list().stream().map(Versioned::value).toList();
    }

    private static String withoutRoom(HostRoom room, Capacity need) {
        String hosts = room.hosts().stream()
                .limit(NAMED_HOSTS)
                .map(host -> host.id() + (host.full() ? ": its disk is full" : ": " + HostRoom.text(room.free(host))))
                .collect(Collectors.joining(", "));
        String more = room.hosts().size() > NAMED_HOSTS ? ", and others" : "";
        return "no host has room for a job%s (left: %s%s). Add a host, scale something down, or give the job smaller limits"
                .formatted(need.isNone() ? "" : " that reserves " + HostRoom.text(need), hosts, more);
    }

    private Artifact artifact(NewJob request, Optional<Release> release) {
        ArtifactId id = request.artifact()
                .or(() -> release.flatMap(Release::artifact))
                .orElseThrow(() -> FlynnException.notFound(
                        "artifact of release",
                        request.release().map(ReleaseId::toString).orElse("")));
        return state.artifacts().get(id.toString()).value();
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
        return JobSpec.builder(id, new JobSpec.Image(artifact.type(), artifact.uri()))
                .metadata(metadata)
                .entrypoint(request.entrypoint())
                .cmd(request.cmd())
                .env(env)
                .resources(ResourceLimit.withDefaults(request.resources()))
                .tty(terminal(request))
                .stdin(attached)
                .disableLog(request.disableLog())
                .data(request.data())
                .partition(request.partition())
                .build();
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
