package dev.flynn.scheduler;

import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which apps are to be looked at, and when. Not thread-safe but for {@link #hostsStirred}. */
final class Attention {

    /** How often those are looked at that found no place, while jobs end all the time. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final AtomicBoolean stirred = new AtomicBoolean(true);
    private final Set<AppId> due = new LinkedHashSet<>();
    private final Map<AppId, Instant> alarms = new HashMap<>();

    /** Apps of which something found no place. */
    private final Set<AppId> stuck = new HashSet<>();

    /** Apps that run something on every host. */
    private final Set<AppId> everywhere = new HashSet<>();

    private Set<String> drained = Set.of();
    private @Nullable Roll roll;
    private Instant rollHoldsUntil = Instant.MAX;
    private boolean mayFitNow;
    private Instant stuckLookedAt = Instant.MIN;

    void hostsStirred() {
        stirred.set(true);
    }

    /**
     * Who lives and who is dead, asked for only if that may have changed.
     *
     * @param look asks
     */
    Roll roll(ClusterIndex index, Instant now, Supplier<Roll> look) {
        Set<String> changed = index.takeTouchedHosts();
        Roll before = roll;
        boolean ask = stirred.getAndSet(false) || !changed.isEmpty() || !now.isBefore(rollHoldsUntil);
        if (before != null && !ask) {
            return before;
        }
        Roll current;
        try {
            current = look.get();
        } catch (RuntimeException e) {
            stirred.set(true);
            index.touchHosts(changed);
            throw e;
        }
        roll = current;
        rollHoldsUntil = current.nextDeathInNanos().map(now::plusNanos).orElse(Instant.MAX);
        Set<String> alive = before == null ? Set.of() : before.alive();
        boolean other = index.takeHostsDiffer();
        Set<String> cameOrWent = Stream.concat(current.alive().stream(), alive.stream())
                .filter(host -> current.alive().contains(host) != alive.contains(host))
                .collect(Collectors.toSet());
        if (other || !cameOrWent.isEmpty()) {
            // seldom, so those that found no place need not wait
            stuckLookedAt = Instant.MIN;
        }
        changed.addAll(cameOrWent);
        if (!changed.isEmpty()) {
            hostsChanged(index, changed);
        }
        return current;
    }

    private void hostsChanged(ClusterIndex index, Set<String> changed) {
        Set<String> concerned = new HashSet<>(changed);
        concerned.addAll(drained);
        drained = index.hosts().stream()
                .map(Versioned::value)
                .filter(Host::draining)
                .map(Host::id)
                .collect(Collectors.toSet());
        concerned.addAll(drained);
        concerned.forEach(host -> due.addAll(index.appsOn(host)));
        due.addAll(everywhere);
        mayFitNow = true;
    }

    /** The apps to look at now; those that need nothing are left out, and those not known well enough wait. */
    Set<AppId> takeDue(ClusterIndex index, Instant now) {
        due.addAll(index.takeTouched());
        List<AppId> rung = alarms.entrySet().stream()
                .filter(alarm -> !alarm.getValue().isAfter(now))
                .map(Map.Entry::getKey)
                .toList();
        due.addAll(rung);
        alarms.keySet().removeAll(rung);
        mayFitNow |= index.takeRoomFreed();
        if (mayFitNow && !now.isBefore(stuckDue())) {
            due.addAll(stuck);
            mayFitNow = false;
            stuckLookedAt = now;
        }
        Set<AppId> ready = new LinkedHashSet<>();
        for (AppId app : List.copyOf(due)) {
            if (index.isBehind(app)) {
                continue;
            }
            due.remove(app);
            if (index.isSettled(app, drained)) {
                forget(app);
            } else {
                ready.add(app);
            }
        }
        return ready;
    }

    private void forget(AppId app) {
        alarms.remove(app);
        stuck.remove(app);
        everywhere.remove(app);
    }

    /** What was decided for apps that were taken. */
    void looked(Collection<AppId> apps, Decision decision, ClusterIndex index) {
        for (AppId app : apps) {
            forget(app);
            if (index.isOmni(app)) {
                everywhere.add(app);
            }
        }
        alarms.putAll(decision.alarms());
        decision.unplaceable().stream().map(Plan.Unplaceable::app).forEach(stuck::add);
    }

    /** To be looked at once more. */
    void again(Collection<AppId> apps) {
        due.addAll(apps);
    }

    /** @param pause until those are looked at that are still due */
    Optional<Instant> next(Instant now, Duration pause) {
        Instant next = alarms.values().stream().min(Comparator.naturalOrder()).orElse(Instant.MAX);
        next = earlier(next, rollHoldsUntil);
        next = due.isEmpty() ? next : earlier(next, now.plus(pause));
        next = mayFitNow && !stuck.isEmpty() ? earlier(next, stuckDue()) : next;
        return next.equals(Instant.MAX) ? Optional.empty() : Optional.of(next);
    }

    private Instant stuckDue() {
        return stuckLookedAt.equals(Instant.MIN) ? Instant.MIN : stuckLookedAt.plus(PATIENCE);
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
