package dev.flynn.scheduler;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.state.Binding;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Empties hosts that are drained: their jobs count no more among what a formation has, so that the scheduler starts others
 * elsewhere, and stay until these can take their place. One decision's.
 */
final class Draining {

    /** The oldest stay longest. */
    private static final Comparator<Versioned<JobRecord>> OLDEST_FIRST = comparing(
                    (Versioned<JobRecord> job) -> job.value().createdAt())
            .thenComparing(job -> job.value().id().value());

    private final Set<String> drained = new HashSet<>();
    private final List<Host> takers = new ArrayList<>();
    private final Set<String> alive;
    private final Predicate<JobRecord> isServed;
    private final Set<JobId> leaving = new HashSet<>();
    private final List<Move> moves = new ArrayList<>();
    private final Set<String> staying = new HashSet<>();
    private boolean waitsForServices;

    /**
     * The jobs of one type, some of which have to move.
     *
     * @param there on drained hosts, the oldest first
     */
    private record Move(int wanted, List<Versioned<JobRecord>> there, List<JobRecord> elsewhere) {}

    Draining(Collection<Versioned<Host>> hosts, Set<String> alive, Predicate<JobRecord> isServed) {
        this.alive = alive;
        this.isServed = isServed;
        for (Versioned<Host> host : hosts) {
            if (host.value().draining()) {
                drained.add(host.value().id());
            } else if (alive.contains(host.value().id())) {
                takers.add(host.value());
            }
        }
    }

    /** @param jobs all of the formation's, those that are down included */
    void add(Formation formation, Release release, List<Versioned<JobRecord>> jobs) {
        if (drained.isEmpty()) {
            return;
        }
        jobs.stream()
                .filter(job -> job.value().state().isLive() && !job.value().stopRequested())
                .collect(groupingBy(job -> job.value().type().orElseThrow()))
                .forEach((type, live) -> add(formation, release, type, live));
    }

    private void add(Formation formation, Release release, String type, List<Versioned<JobRecord>> live) {
        List<Versioned<JobRecord>> there = live.stream()
                .filter(job -> drained.contains(job.value().hostId()))
                .sorted(OLDEST_FIRST)
                .toList();
        if (there.isEmpty()) {
            return;
        }
        Optional<ProcessType> process = Optional.ofNullable(release.processes().get(type));
        Map<String, String> tags = formation.tags().getOrDefault(type, Map.of());
        Optional<String> bound = Binding.of(there.get(0).value(), process, tags, takers);
        if (bound.isPresent()) {
            there.forEach(job -> staying.add("job %s stays on its host, which is drained: %s"
                    .formatted(job.value().id(), bound.get())));
            return;
        }
        there.forEach(job -> leaving.add(job.value().id()));
        List<JobRecord> elsewhere = live.stream()
                .map(Versioned::value)
                .filter(job -> !leaving.contains(job.id()))
                .toList();
        moves.add(new Move(formation.processes().getOrDefault(type, 0), there, elsewhere));
    }

    private boolean isReady(JobRecord job) {
        if (job.state() != JobState.UP || !alive.contains(job.hostId())) {
            return false;
        }
        boolean served = isServed.test(job);
        waitsForServices |= !served;
        return served;
    }

    /** A job that is to leave its host, and counts no more among what its formation has. */
    boolean isLeaving(JobId job) {
        return leaving.contains(job);
    }

    /**
     * Jobs whose place others have taken.
     *
     * @param stopped jobs that are asked to stop now, which cannot
     */
    List<Versioned<JobRecord>> released(Set<JobId> stopped) {
        List<Versioned<JobRecord>> released = new ArrayList<>();
        for (Move move : moves) {
            long ready = move.elsewhere().stream()
                    .filter(job -> !stopped.contains(job.id()))
                    .filter(this::isReady)
                    .count();
            move.there().stream().skip(Math.max(0, move.wanted() - ready)).forEach(released::add);
        }
        return released;
    }

    /** What cannot leave, and why, for the log. */
    Set<String> staying() {
        return staying;
    }

    /** After {@link #released}: whether something is up that is not in discovery yet; no record tells when it is. */
    boolean waitsForServices() {
        return waitsForServices;
    }
}
