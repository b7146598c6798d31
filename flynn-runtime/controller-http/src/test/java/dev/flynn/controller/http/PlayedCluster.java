package dev.flynn.controller.http;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Plays the scheduler and the host: makes jobs as formations want them, and lets them run as the test says. */
final class PlayedCluster implements AutoCloseable {

    /** What jobs of a release do; the default is to work. */
    enum Behaviour {
        WORKS,
        EXITS,
        HANGS
    }

    final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();

    private final ClusterState state;
    private final Discovery discovery;
    private final FakeLogs logs;
    private final WakeLoop loop;
    private final AtomicInteger ports = new AtomicInteger(10_000);
    private final Map<JobId, Instance> instances = new ConcurrentHashMap<>();

    PlayedCluster(TestController controller) {
        this.state = controller.state;
        this.discovery = controller.discovery;
        this.logs = controller.logs;
        this.loop = new WakeLoop(
                "played-cluster", state.store(), state.clock(), List.of("formations/", "jobs/"), this::look);
        loop.start();
    }

    private Instant look() {
        schedule();
        for (Versioned<JobRecord> job : state.jobs().table().list()) {
            if (job.value().type().isPresent()) {
                play(job.value());
            }
        }
        return Instant.MAX;
    }

    private void schedule() {
        Set<String> owners = new HashSet<>();
        state.formations()
                .list()
                .forEach(formation -> owners.add(ClusterState.formationId(
                        formation.value().app(), formation.value().release())));
        live().forEach(job -> owners.add(
                ClusterState.formationId(job.app().orElseThrow(), job.release().orElseThrow())));
        for (String owner : owners) {
            String[] ids = owner.split("/");
            Release release = state.releases().get(ids[1]).value();
            Map<String, Integer> wanted = state.formations()
                    .find(owner)
                    .map(Versioned::value)
                    .map(Formation::processes)
                    .orElse(Map.of());
            release.processes()
                    .forEach((type, process) ->
                            scale(AppId.of(ids[0]), release, type, process, wanted.getOrDefault(type, 0)));
        }
    }

    private List<JobRecord> live() {
        List<JobRecord> live = new ArrayList<>();
        state.jobs().table().list().forEach(job -> {
            if (job.value().state().isLive() && job.value().type().isPresent()) {
                live.add(job.value());
            }
        });
        return live;
    }

    private void scale(AppId appId, Release release, String type, ProcessType process, int wanted) {
        List<JobRecord> running = live().stream()
                .filter(job -> job.release().orElseThrow().equals(release.id())
                        && job.app().orElseThrow().equals(appId)
                        && job.type().orElseThrow().equals(type)
                        && !job.stopRequested())
                .toList();
        for (int i = running.size(); i < wanted; i++) {
            App app = state.apps().get(appId.toString()).value();
            Artifact artifact = state.artifacts()
                    .get(release.artifact().orElseThrow().toString())
                    .value();
            JobSpec spec = JobSpecs.ofProcessType(JobId.random("host1"), app, release, artifact, type, process);
            state.jobs().create(JobRecord.pending(spec, 0, state.clock().instant()));
        }
        for (int i = wanted; i < running.size(); i++) {
            var unused = state.jobs()
                    .update(
                            running.get(i).id(),
                            job -> job.withStopRequested(state.clock().instant()));
        }
    }

    private void play(JobRecord job) {
        Instant now = state.clock().instant();
        ReleaseId release = job.release().orElseThrow();
        Behaviour does = behaviours.getOrDefault(release.toString(), Behaviour.WORKS);
        if (job.stopRequested() && job.state().isLive()) {
            deregister(job);
            end(job, JobStatus.starting(job.id(), now).signalled(15, now));
        } else if (job.state() == JobState.PENDING) {
            var unused = state.jobs().update(job.id(), read -> read.starting(read.spec(), now));
        } else if (job.state() == JobState.STARTING) {
            var unused = state.jobs().update(job.id(), read -> read.up("127.0.0.1", now));
        } else if (job.state() == JobState.UP && does == Behaviour.EXITS) {
            logs.write(
                    job.app().orElseThrow(),
                    job.id().value(),
                    job.type().orElseThrow(),
                    "Error: Cannot find module 'x'");
            end(job, JobStatus.starting(job.id(), now).exited(1, now));
        } else if (job.state() == JobState.UP && does == Behaviour.WORKS && !instances.containsKey(job.id())) {
            register(job);
        }
    }

    private void end(JobRecord job, JobStatus status) {
        var unused = state.jobs()
                .update(job.id(), read -> read.down(status, state.clock().instant()));
    }

    private void register(JobRecord job) {
        Map<String, String> env = job.spec().env();
        var instance = Instance.of(
                "tcp",
                "127.0.0.1:" + ports.incrementAndGet(),
                Map.of(
                        "FLYNN_APP_ID", env.getOrDefault("FLYNN_APP_ID", ""),
                        "FLYNN_RELEASE_ID", env.getOrDefault("FLYNN_RELEASE_ID", ""),
                        "FLYNN_PROCESS_TYPE", env.getOrDefault("FLYNN_PROCESS_TYPE", ""),
                        "FLYNN_JOB_ID", job.id().value()));
        service(job).ifPresent(service -> {
            try {
                discovery.createService(service, LeaderType.OLDEST);
            } catch (FlynnException exists) {
                // another job was first
            }
            instances.put(job.id(), discovery.register(service, instance));
        });
    }

    private void deregister(JobRecord job) {
        Instance instance = instances.remove(job.id());
        if (instance != null) {
            service(job).ifPresent(service -> discovery.deregister(service, instance.id()));
        }
    }

    private Optional<String> service(JobRecord job) {
        return state.releases()
                .get(job.release().orElseThrow().toString())
                .value()
                .processes()
                .get(job.type().orElseThrow())
                .service();
    }

    @Override
    public void close() {
        loop.close();
    }
}
