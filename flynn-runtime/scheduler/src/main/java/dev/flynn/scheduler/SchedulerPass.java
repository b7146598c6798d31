package dev.flynn.scheduler;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.scheduler.Decision.Change;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the cluster once and makes it as wanted. Not thread-safe.
 *
 * <p>Whether there is anything to do is found out on live views, which costs no read. What to do is then decided on a fresh
 * read, and written only if no other scheduler wrote since: each transaction of a scheduler changes one key, the
 * {@linkplain Turn turn}, and is refused if another one changed it in between. So any number of them may run side by side.
 */
final class SchedulerPass {

    private static final Logger log = LoggerFactory.getLogger(SchedulerPass.class);

    private static final int ATTEMPTS = 10;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final ClusterState state;
    private final Scheduler scheduler;
    private final Restarts restarts;
    private final Waits waits = new Waits();
    private final Clock clock;
    private final HostWatch watch;

    /** What was logged already and still held at the last look. */
    private Set<String> told = Set.of();

    /** What was found missing while writing, and logged. */
    private final Set<String> toldMissing = new HashSet<>();

    SchedulerPass(ClusterState state, Scheduler scheduler, RestartPolicy policy, Clock clock, HostWatch watch) {
        this.state = state;
        this.scheduler = scheduler;
        this.restarts = new Restarts(policy);
        this.clock = clock;
        this.watch = watch;
    }

    /**
     * Acts if there is anything to do in a picture that may be a little old.
     *
     * @return when to look again even if nothing changes
     */
    Optional<Instant> run(ClusterPicture picture) {
        Decision decision = decide(picture);
        boolean nothingToDo =
                decision.isEmpty() && picture.jobsOn(picture.roll().dead()).isEmpty();
        return nothingToDo ? lookAgainAt(decision, picture.roll()) : run();
    }

    /** Reads everything anew and acts. */
    Optional<Instant> run() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            var turn = new Turn(state);
            ClusterPicture picture = read();
            if (!picture.roll().dead().isEmpty() && giveUpJobs(picture, turn)) {
                continue;
            }
            Decision decision = decide(picture);
            if (carryOut(decision, turn)) {
                return lookAgainAt(decision, picture.roll());
            }
        }
        return Optional.of(clock.instant().plus(PAUSE));
    }

    private ClusterPicture read() {
        List<Versioned<JobRecord>> jobs = state.jobs().table().list();
        List<Versioned<Host>> hosts = state.hosts().list();
        return new ClusterPicture(
                state.formations().list(),
                jobs,
                hosts,
                state.volumes().list(),
                id -> state.releases().find(id.toString()).map(Versioned::value),
                watch.look(ClusterPicture.hostsOf(hosts, jobs)),
                watch::isServed);
    }

    private Optional<Instant> lookAgainAt(Decision decision, Roll roll) {
        Optional<Instant> nextDeath =
                roll.nextDeathInNanos().map(nanos -> clock.instant().plusNanos(nanos));
        return Stream.of(decision.lookAgainAt(), nextDeath)
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder());
    }

    // ---- hosts that are dead

    /**
     * Records the jobs of dead hosts as lost.
     *
     * @return whether there were any: then everything has to be read anew
     */
    private boolean giveUpJobs(ClusterPicture picture, Turn turn) {
        List<Versioned<JobRecord>> jobs = picture.jobsOn(picture.roll().dead());
        if (jobs.isEmpty()) {
            return false;
        }
        Set<String> dead = watch.confirmGone(picture.roll().dead());
        List<Versioned<JobRecord>> lost = picture.jobsOn(dead);
        var batch = new Batch(turn, Batch.Guard.NONE);
        for (Versioned<JobRecord> job : lost) {
            JobRecord down = job.value().lost("its host does not answer any more", clock.instant());
            Consumer<Transaction.Builder> addition = tx -> {
                state.jobs().replace(tx, job, down);
                batch.after(() -> log.atWarn()
                        .addKeyValue("job", down.id())
                        .addKeyValue("host", down.hostId())
                        .log("job is lost with its host"));
            };
            if (!batch.write(addition, Batch.size(down))) {
                break;
            }
        }
        batch.commit();
        return !lost.isEmpty();
    }

    private Decision decide(ClusterPicture picture) {
        Decision decision = Decision.of(picture, scheduler, restarts, waits, clock.instant());
        tellOddities(decision);
        return decision;
    }

    // ---- carrying out

    /** @return whether everything was written; otherwise look again */
    private boolean carryOut(Decision decision, Turn turn) {
        boolean complete = true;
        for (Change change : decision.changes()) {
            try {
                if (!new Writing(change, turn).run()) {
                    complete = false;
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
            if (turn.isLost()) {
                return false;
            }
        }
        return complete;
    }

    /** The transactions of one formation: usually one, several if they are many jobs. */
    private final class Writing {

        private final Change change;
        private final Batch batch;
        private final Instant now = clock.instant();

        Writing(Change change, Turn turn) {
            this.change = change;
            String key = state.formations().key(ClusterState.formationId(change.app(), change.release()));
            long revision = change.formation().map(Versioned::modRevision).orElse(0L);
            this.batch = new Batch(turn, transaction -> transaction.whenUnchanged(key, revision));
        }

        boolean run() {
            for (Versioned<JobRecord> job : change.stop()) {
                if (!batch.write(tx -> stop(tx, job), 0)) {
                    return false;
                }
            }
            for (Decision.Delay delay : change.delay()) {
                if (!batch.write(tx -> delay(tx, delay), 0)) {
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
                if (!batch.write(tx -> start(tx, start, job), Batch.size(job))) {
                    return false;
                }
            }
            return true;
        }

        private JobRecord newJob(App app, Release release, Artifact artifact, Decision.Start start) {
            ProcessType process = Optional.ofNullable(release.processes().get(start.type()))
                    .orElseThrow(() -> new IllegalStateException("the scheduler's plan has an unknown type " + start));
            JobId id = JobId.random(start.hostId());
            JobSpec spec = JobSpecs.ofProcessType(id, app, release, artifact, start.type(), process);
            Optional<JobRecord> down = start.replaces().map(Versioned::value);
            return JobRecord.pending(
                    replacing(spec, down.map(JobRecord::id)),
                    down.map(restarts::restartsOfSuccessor).orElse(0),
                    now);
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

    /** The app's own metadata, which is in the spec too, must not say what a job replaces. */
    private static JobSpec replacing(JobSpec spec, Optional<JobId> replaced) {
        Map<String, String> metadata = new HashMap<>(spec.metadata());
        metadata.remove(Restarts.META_REPLACES);
        replaced.ifPresent(id -> metadata.put(Restarts.META_REPLACES, id.value()));
        return spec.toBuilder().metadata(metadata).build();
    }

    // ---- the log

    private void tellOddities(Decision decision) {
        Set<String> now = new HashSet<>(decision.oddities());
        for (Plan.Unplaceable wanted : decision.unplaceable()) {
            now.add("%s of release %s of app %s cannot be placed: %s"
                    .formatted(wanted.type(), wanted.release(), wanted.app(), wanted.reason()));
        }
        now.stream().filter(oddity -> !told.contains(oddity)).sorted().forEach(SchedulerPass::warn);
        told = now;
    }

    private void tellOnce(String oddity) {
        if (toldMissing.add(oddity)) {
            warn(oddity);
        }
    }

    private static void warn(String oddity) {
        log.atWarn().addKeyValue("what", oddity).log("formation is not carried out as it stands");
    }
}
