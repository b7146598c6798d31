package dev.flynn.scheduler;

import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the cluster and makes it as wanted: at the apps that changed, as they were followed, or at all of them, read anew.
 * Not thread-safe.
 *
 * <p>What is decided for an app is written only if no other scheduler decided for it since, nor gave away room of the hosts it
 * goes to; see {@link Turn}. So any number of schedulers may run side by side.
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
    private final PlanWriter writer;
    private final Attention attention = new Attention();

    /** What was logged already and still held when all was looked at. */
    private Set<String> told = Set.of();

    SchedulerPass(ClusterState state, Scheduler scheduler, RestartPolicy policy, Clock clock, HostWatch watch) {
        this.state = state;
        this.scheduler = scheduler;
        this.restarts = new Restarts(policy);
        this.clock = clock;
        this.watch = watch;
        this.writer = new PlanWriter(state, restarts, clock);
    }

    // ---- what changed

    /** Hosts came or went; may be called on any thread. */
    void hostsStirred() {
        attention.hostsStirred();
    }

    /**
     * Acts if there is anything to do for the apps that changed; without any this costs next to nothing.
     *
     * @return when to look again even if nothing changes
     */
    Optional<Instant> run(ClusterIndex index) {
        Instant now = clock.instant();
        Roll roll = attention.roll(index, now, () -> watch.look(index.hostIds()));
        giveUpJobs(index, roll);
        Set<AppId> apps = attention.takeDue(index, now);
        if (!apps.isEmpty()) {
            try {
                look(index, apps, roll, now);
            } catch (RuntimeException e) {
                attention.again(apps);
                throw e;
            }
        }
        return attention.next(now, PAUSE);
    }

    private void look(ClusterIndex index, Set<AppId> apps, Roll roll, Instant now) {
        var picture =
                index.pictureOf(apps, index.keepData(apps) ? state.volumes().list() : List.of(), roll, watch::isServed);
        Decision decision = Decision.of(picture, scheduler, restarts, waits, now);
        tellNew(oddities(decision));
        attention.looked(apps, decision, index);
        attention.again(writer.write(decision, index.turn(state)));
    }

    private void giveUpJobs(ClusterIndex index, Roll roll) {
        Set<String> dead = roll.dead().stream()
                .filter(host -> !index.jobsOn(host).isEmpty())
                .collect(Collectors.toSet());
        if (!dead.isEmpty()) {
            watch.confirmGone(dead).forEach(host -> writer.giveUp(index.jobsOn(host)));
        }
    }

    // ---- everything

    /** Reads everything anew and acts. */
    Optional<Instant> run() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            var turn = new Turn(state);
            ClusterPicture picture = read();
            if (!picture.roll().dead().isEmpty() && giveUpJobs(picture)) {
                continue;
            }
            Decision decision = Decision.of(picture, scheduler, restarts, waits, clock.instant());
            tellAll(oddities(decision));
            if (writer.write(decision, turn).isEmpty()) {
                waits.keepOnly(
                        picture.jobs().stream().map(job -> job.value().id()).collect(Collectors.toSet()));
                return lookAgainAt(decision, picture.roll());
            }
        }
        return Optional.of(clock.instant().plus(PAUSE));
    }

    private ClusterPicture read() {
        List<Versioned<JobRecord>> jobs = state.jobs().table().list();
        List<Versioned<Host>> hosts = state.hosts().list();
        var others = new HostLoads();
        jobs.stream()
                .map(Versioned::value)
                .filter(job -> job.app().isEmpty() || job.release().isEmpty())
                .forEach(others::add);
        return new ClusterPicture(
                state.formations().list(),
                jobs,
                hosts,
                state.volumes().list(),
                // this replica has them, since it has the formations that name them
                id -> state.releases().known(id.toString()).map(Versioned::value),
                id -> state.apps().known(id.toString()).map(Versioned::value),
                others::of,
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

    /**
     * Records the jobs of dead hosts as lost.
     *
     * @return whether there were any: then everything has to be read anew
     */
    private boolean giveUpJobs(ClusterPicture picture) {
        Collection<Versioned<JobRecord>> jobs = picture.jobsOn(picture.roll().dead());
        if (jobs.isEmpty()) {
            return false;
        }
        Collection<Versioned<JobRecord>> lost =
                picture.jobsOn(watch.confirmGone(picture.roll().dead()));
        writer.giveUp(lost);
        return !lost.isEmpty();
    }

    // ---- the log

    private static Set<String> oddities(Decision decision) {
        Set<String> oddities = new HashSet<>(decision.oddities());
        for (Plan.Unplaceable wanted : decision.unplaceable()) {
            oddities.add("%s of release %s of app %s cannot be placed: %s"
                    .formatted(wanted.type(), wanted.release(), wanted.app(), wanted.reason()));
        }
        return oddities;
    }

    private void tellNew(Set<String> oddities) {
        if (!told.containsAll(oddities)) {
            Set<String> all = new HashSet<>(told);
            all.addAll(oddities);
            tellAll(all);
        }
    }

    private void tellAll(Set<String> oddities) {
        oddities.stream()
                .filter(oddity -> !told.contains(oddity))
                .sorted()
                .forEach(oddity ->
                        log.atWarn().addKeyValue("what", oddity).log("formation is not carried out as it stands"));
        told = oddities;
    }
}
