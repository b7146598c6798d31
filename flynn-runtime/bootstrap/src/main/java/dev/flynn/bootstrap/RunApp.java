package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code run-app}: starts jobs without the help of a controller or a scheduler, which may be these very jobs.
 *
 * <p>Repeating it starts only what is missing. Once it was complete it is the scheduler who keeps the jobs running; a later
 * bootstrap then looks only whether any job of a wanted type is alive, so that a cluster which lost its scheduler gets one.
 */
final class RunApp implements Action {

    static final String NAME = "run-app";

    private final Cluster cluster;

    RunApp(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        JsonNode prepared =
                cluster.results().prepare(step.id(), () -> parts(step).toTree(cluster.json()));
        Running app = running(AppParts.ofTree(prepared, cluster.json()));
        awaitUp(fillUp(app, app.wanted()));
        return prepared;
    }

    @Override
    public void again(Step step, JsonNode result) throws InterruptedException {
        Running app = running(AppParts.ofTree(result, cluster.json()));
        Map<String, Integer> lost = new TreeMap<>(app.wanted());
        lost.keySet().removeIf(type -> !alive(app.app().id(), type).isEmpty());
        awaitUp(fillUp(app, lost));
    }

    private AppParts parts(Step step) {
        if (step.text("app_step").isEmpty()) {
            return AppParts.of(step, cluster);
        }
        AppParts earlier = AppParts.ofStep(step, "app_step", cluster);
        return new AppParts(earlier.app(), earlier.artifact(), earlier.release(), AppParts.counts(step, cluster));
    }

    /** What is to run: as the cluster has it, if the app is known to it already. */
    private record Running(App app, Release release, Artifact artifact, Map<String, Integer> wanted) {}

    private Running running(AppParts parts) {
        ClusterState state = cluster.state();
        Optional<App> known = state.apps().find(parts.app().id().toString()).map(Versioned::value);
        Optional<Release> release = known.flatMap(App::release)
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value);
        Optional<Artifact> artifact = release.flatMap(Release::artifact)
                .flatMap(id -> state.artifacts().find(id.toString()))
                .map(Versioned::value);
        Map<String, Integer> wanted = new TreeMap<>(parts.processes());
        if (known.isEmpty() || release.isEmpty() || artifact.isEmpty()) {
            return new Running(parts.app(), parts.release(), parts.artifact(), wanted);
        }
        state.formations()
                .find(ClusterState.formationId(known.get().id(), release.get().id()))
                .map(Versioned::value)
                .ifPresent(formation -> wanted.keySet().removeIf(type -> isUnwanted(formation, type)));
        return new Running(known.get(), release.get(), artifact.get(), wanted);
    }

    private static boolean isUnwanted(Formation formation, String type) {
        return formation.processes().getOrDefault(type, 0) == 0;
    }

    /**
     * Starts what is missing, all at once: one of these jobs may be the scheduler, which would see the others missing.
     *
     * @return the jobs that are there now
     */
    private List<JobId> fillUp(Running app, Map<String, Integer> wanted) {
        Transaction.Builder transaction = Transaction.builder();
        List<JobId> jobs = new ArrayList<>();
        wanted.forEach((type, count) -> jobs.addAll(fillUp(transaction, app, type, count)));
        var unused = cluster.state().commit(transaction);
        return jobs;
    }

    private List<JobId> fillUp(Transaction.Builder transaction, Running app, String type, int count) {
        ProcessType process = Optional.ofNullable(app.release().processes().get(type))
                .orElseThrow(() -> FlynnException.invalid("bootstrap: release of app \"%s\" has no process type \"%s\""
                        .formatted(app.app().name(), type)));
        List<JobRecord> alive = alive(app.app().id(), type);
        List<JobId> jobs = new ArrayList<>(alive.stream().map(JobRecord::id).toList());
        List<String> hosts = hosts();
        if (process.omni()) {
            for (String host : hosts) {
                long there =
                        alive.stream().filter(job -> job.hostId().equals(host)).count();
                for (long i = there; i < count; i++) {
                    jobs.add(start(transaction, app, type, process, host));
                }
            }
        } else {
            for (int i = alive.size(); i < count; i++) {
                jobs.add(start(transaction, app, type, process, hosts.get(i % hosts.size())));
            }
        }
        return jobs;
    }

    private JobId start(Transaction.Builder transaction, Running app, String type, ProcessType process, String host) {
        JobId id = JobId.random(host);
        JobRecord job = JobRecord.pending(
                JobSpecs.ofProcessType(id, app.app(), app.release(), app.artifact(), type, process),
                0,
                cluster.state().clock().instant());
        cluster.state().jobs().create(transaction, job);
        return id;
    }

    private List<JobRecord> alive(AppId app, String type) {
        return cluster.state().jobs().table().list().stream()
                .map(Versioned::value)
                .filter(job -> job.app().equals(Optional.of(app))
                        && job.type().equals(Optional.of(type))
                        && job.state().isLive()
                        && !job.stopRequested())
                .toList();
    }

    private List<String> hosts() {
        return cluster.state().hosts().list().stream()
                .map(host -> host.value().id())
                .toList();
    }

    private void awaitUp(List<JobId> jobs) throws InterruptedException {
        if (jobs.isEmpty()) {
            return;
        }
        var signal = new Signal();
        try (TableView<JobRecord> view = cluster.state().jobs().table().view(signal)) {
            Optional<List<JobId>> up = signal.await(
                    () -> Optional.of(jobs).filter(all -> all.stream().allMatch(id -> isUp(view, id))),
                    cluster.deadline());
            if (up.isEmpty()) {
                throw new GaveUp("bootstrap: timed out waiting for job event");
            }
        }
    }

    private static boolean isUp(TableView<JobRecord> view, JobId id) {
        Optional<JobRecord> found = view.find(id.value());
        if (found.isEmpty()) {
            return false;
        }
        JobRecord job = found.get();
        if (job.state() == JobState.DOWN) {
            throw new GaveUp(job.hostError()
                    .map(error -> "bootstrap: host error while launching job: \"%s\"".formatted(error))
                    .orElseGet(
                            () -> "bootstrap: job %s ended while it was launched, with %s".formatted(id, ending(job))));
        }
        return job.state() == JobState.UP;
    }

    private static String ending(JobRecord job) {
        return job.signal().isPresent()
                ? "signal " + job.signal().getAsInt()
                : "status " + job.exitStatus().orElse(0);
    }
}
