package dev.flynn.router.table;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The backends of one service, and the choice among them. */
public final class BackendSet {

    static final BackendSet EMPTY = new BackendSet(List.of());

    private final List<Member> members;
    private final AtomicInteger turn =
            new AtomicInteger(ThreadLocalRandom.current().nextInt());

    /**
     * A backend, and how it does in the checks of a route.
     *
     * @param health null if nobody checks it
     */
    record Member(Backend backend, @Nullable Health health) {

        /** Whether the others come first. */
        boolean isPoorly() {
            return backend.failures().areFresh() || (health != null && health.isIll());
        }
    }

    BackendSet(List<Member> members) {
        this.members = List.copyOf(members);
    }

    /** Backends that nobody checks. */
    static BackendSet of(List<Backend> backends) {
        return new BackendSet(
                backends.stream().map(backend -> new Member(backend, null)).toList());
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    /** The backend with that address, unless it was tried. */
    @Nullable
    public Backend named(String addr, Collection<Backend> tried) {
        for (Member member : members) {
            Backend backend = member.backend;
            if (backend.addr().equals(addr)) {
                return backend.isRetired() || tried.contains(backend) ? null : backend;
            }
        }
        return null;
    }

    public boolean has(Backend wanted) {
        return members.stream().anyMatch(member -> member.backend.addr().equals(wanted.addr()));
    }

    /**
     * Chooses the one whose turn it is, or a random other one that has fewer requests in flight. Those that failed lately, or
     * whose checks do, come last, and are chosen when there are no others; those that no table names any more are not chosen.
     *
     * @return null if all were tried
     */
    @Nullable
    public Backend choose(Collection<Backend> tried) {
        int count = members.size();
        if (count == 0) {
            return null;
        }
        int first = Math.floorMod(turn.getAndIncrement(), count);
        if (count > 1 && tried.isEmpty()) {
            Member next = members.get(first);
            int step = 1 + ThreadLocalRandom.current().nextInt(count - 1);
            Member other = members.get((first + step) % count);
            if (isFine(next) && isFine(other)) {
                return other.backend.inFlight() < next.backend.inFlight() ? other.backend : next.backend;
            }
        }
        Member best = bestFrom(first, tried);
        return best == null ? null : best.backend;
    }

    private static boolean isFine(Member member) {
        return !member.backend.isRetired() && !member.isPoorly();
    }

    private @Nullable Member bestFrom(int first, Collection<Backend> tried) {
        Member best = null;
        boolean bestIsPoorly = false;
        for (int i = 0; i < members.size(); i++) {
            Member candidate = members.get((first + i) % members.size());
            if (tried.contains(candidate.backend) || candidate.backend.isRetired()) {
                continue;
            }
            boolean isPoorly = candidate.isPoorly();
            boolean isBetter = best == null
                    || (isPoorly == bestIsPoorly
                            ? candidate.backend.inFlight() < best.backend.inFlight()
                            : bestIsPoorly);
            if (isBetter) {
                best = candidate;
                bestIsPoorly = isPoorly;
            }
        }
        return best;
    }
}
