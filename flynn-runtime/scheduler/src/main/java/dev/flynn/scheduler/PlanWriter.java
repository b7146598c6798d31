package dev.flynn.scheduler;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.scheduler.Decision.Change;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes what was decided, each formation by itself, as far as nobody else decided for the same meanwhile. */
final class PlanWriter {

    private static final Logger log = LoggerFactory.getLogger(PlanWriter.class);

    private final ClusterState state;
    private final Restarts restarts;
    private final Clock clock;

    /** What was found missing while writing, and logged. */
    private final Set<String> toldMissing = new HashSet<>();

    PlanWriter(ClusterState state, Restarts restarts, Clock clock) {
        this.state = state;
        this.restarts = restarts;
        this.clock = clock;
    }

    /** @return the apps for which not everything was written; look again */
    Set<AppId> write(Decision decision, Turn turn) {
        Set<AppId> incomplete = new HashSet<>();
        for (Change change : decision.changes()) {
            try {
                if (!new Writing(change, turn).run()) {
                    incomplete.add(change.app());
                }
            } catch (FlynnException e) {
                if (e.code() == ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                log.atError()
                        .addKeyValue("app", change.app())
                        .addKeyValue("release", change.release())
                        .setCause(e)
                        .log("formation cannot be carried out");
            }
        }
        return incomplete;
    }

    /** Records jobs as lost, whoever else does so too. */
    void giveUp(Collection<Versioned<JobRecord>> lost) {
        var batch = new Batch(new Turn(state, new HashMap<>(), 0), Batch.Guard.NONE);
        for (Versioned<JobRecord> job : lost) {
            JobRecord down = job.value().lost("its host does not answer any more", clock.instant());
            Consumer<Transaction.Builder> addition = tx -> {
                state.jobs().replace(tx, job, down);
                batch.after(() -> log.atWarn()
                        .addKeyValue("job", down.id())
                        .addKeyValue("host", down.hostId())
                        .log("job is lost with its host"));
            };
            if (!batch.write(addition, Batch.size(down), List.of())) {
                return;
            }
        }
        batch.commit();
    }

    /** The transactions of one formation: usually one, several if they are many jobs. */
    private final class Writing {

        private final Change change;
        private final Batch batch;
        private final Instant now = clock.instant();
        private final List<String> decidedFor;

        Writing(Change change, Turn turn) {
            this.change = change;
            this.decidedFor = List.of(Turn.ofApp(change.app()));
            String key = state.formations().key(ClusterState.formationId(change.app(), change.release()));
            long revision = change.formation().map(Versioned::modRevision).orElse(0L);
            this.batch = new Batch(turn, transaction -> transaction.whenUnchanged(key, revision));
        }

        boolean run() {
            for (Versioned<JobRecord> job : change.stop()) {
                if (!batch.write(tx -> stop(tx, job), 0, decidedFor)) {
                    return false;
                }
            }
            for (Decision.Delay delay : change.delay()) {
                if (!batch.write(tx -> delay(tx, delay), 0, decidedFor)) {
                    return false;
                }
            }
            if (!change.start().isEmpty() && !start()) {
                return false;
            }
            return batch.commit();
        }

        private boolean start() {
            Optional<App> app = state.apps().find(change.app().toString()).map(Versioned::value);
            Optional<Release> release =
                    state.releases().find(change.release().toString()).map(Versioned::value);
            Optional<Artifact> artifact = release.flatMap(Release::artifact)
                    .flatMap(id -> state.artifacts().find(id.toString()))
                    .map(Versioned::value);
            if (app.isEmpty() || release.isEmpty() || artifact.isEmpty()) {
                tellOnce("formation %s of app %s: its app or its artifact does not exist"
                        .formatted(change.release(), change.app()));
                return true;
            }
            for (Decision.Start start : change.start()) {
                JobRecord job = newJob(app.get(), release.get(), artifact.get(), start);
                if (!batch.write(tx -> start(tx, start, job), Batch.size(job), keysOf(job))) {
                    return false;
                }
            }
            return true;
        }

        /** Who takes room from a host decides for that host too. */
        private List<String> keysOf(JobRecord job) {
            return Capacity.reservedBy(job.spec().resources()).isNone()
                    ? decidedFor
                    : List.of(decidedFor.get(0), Turn.ofHost(job.hostId()));
        }

        private JobRecord newJob(App app, Release release, Artifact artifact, Decision.Start start) {
            ProcessType process = Optional.ofNullable(release.processes().get(start.type()))
                    .orElseThrow(() -> new IllegalStateException("the scheduler's plan has an unknown type " + start));
            JobId id = JobId.random(start.hostId());
            Optional<JobRecord> down = start.replaces().map(Versioned::value);
            JobSpec spec = JobSpecs.ofProcessType(
                    id, app, release, artifact, start.type(), process, replacing(down.map(JobRecord::id)));
            return JobRecord.pending(
                    spec, down.map(restarts::restartsOfSuccessor).orElse(0), now);
        }

        private void stop(Transaction.Builder tx, Versioned<JobRecord> job) {
            JobRecord record = job.value();
            if (record.state() == JobState.DOWN) {
                state.jobs().replace(tx, job, record.withRestartAt(Optional.empty(), record.updatedAt()));
            } else {
                state.jobs().replace(tx, job, record.withStopRequested(now));
                tell(record.id(), "job is not wanted any more");
            }
        }

        private void delay(Transaction.Builder tx, Decision.Delay delay) {
            JobRecord down = delay.job().value();
            state.jobs().replace(tx, delay.job(), down.withRestartAt(Optional.of(delay.until()), down.updatedAt()));
            batch.after(() -> log.atInfo()
                    .addKeyValue("job", down.id())
                    .addKeyValue("restarts", down.restarts())
                    .addKeyValue("restartAt", delay.until())
                    .log("job stopped unexpectedly and waits for its restart"));
        }

        private void start(Transaction.Builder tx, Decision.Start start, JobRecord job) {
            start.replaces()
                    .ifPresent(down -> state.jobs()
                            .replace(
                                    tx,
                                    down,
                                    down.value()
                                            .withRestartAt(
                                                    Optional.empty(),
                                                    down.value().updatedAt())));
            state.jobs().create(tx, job);
            tell(job.id(), "job is wanted");
        }

        private void tell(JobId job, String what) {
            batch.after(() -> log.atInfo()
                    .addKeyValue("job", job)
                    .addKeyValue("app", change.app())
                    .log(what));
        }
    }

    /** What the metadata of a job says of the one that it replaces, whatever the app's own metadata says. */
    static Map<String, Optional<String>> replacing(Optional<JobId> replaced) {
        return Map.of(Restarts.META_REPLACES, replaced.map(JobId::value));
    }

    private void tellOnce(String oddity) {
        if (toldMissing.add(oddity)) {
            log.atWarn().addKeyValue("what", oddity).log("formation is not carried out as it stands");
        }
    }
}
