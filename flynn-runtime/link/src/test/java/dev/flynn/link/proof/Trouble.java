package dev.flynn.link.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * What happens to one host for a while, and how long all is well afterwards.
 *
 * @param host the number of the host, if nobody else is meant; of the others, {@code PART} chooses one by it
 */
record Trouble(Kind kind, Victim victim, int host, int millis, int quietMillis) {

    enum Victim {
        /** Whoever leads the store then. */
        STORE_LEADER,
        /** Whoever leads the service then. */
        SERVICE_LEADER,
        HOST
    }

    enum Kind {
        /** SIGKILL, and a start on the same disk. */
        KILL,
        /** SIGSTOP and SIGCONT. */
        PAUSE,
        /** No packet between it and the others. */
        CUT,
        /** What it sends is lost. */
        MUTE,
        /** What is sent to it is lost. */
        DEAFEN,
        /** No packet between it and one of the others. */
        PART,
        /** Nothing. */
        QUIET
    }

    private static final int SHORTEST_MILLIS = 200;

    /** As much trouble as fits into the time, the same for the same seed. */
    static List<Trouble> schedule(long seed, int seconds, int hosts) {
        // unlike Random, whose first numbers are alike for seeds that are
        var random = new SplittableRandom(seed);
        List<Trouble> troubles = new ArrayList<>();
        int left = seconds * 1000;
        while (left > 0) {
            Kind kind = any(Kind.values(), random);
            int millis = Math.min(left, SHORTEST_MILLIS + random.nextInt(random.nextBoolean() ? 1000 : 4000));
            int quiet = SHORTEST_MILLIS + random.nextInt(random.nextBoolean() ? 300 : 2000);
            troubles.add(new Trouble(kind, any(Victim.values(), random), random.nextInt(hosts), millis, quiet));
            left -= millis + quiet;
        }
        return troubles;
    }

    private static <T> T any(T[] values, RandomGenerator random) {
        return values[random.nextInt(values.length)];
    }

    static String describe(List<Trouble> troubles) {
        return troubles.stream().map(Trouble::toString).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        String who = switch (victim) {
            case STORE_LEADER -> " the store's leader";
            case SERVICE_LEADER -> " the service's leader";
            case HOST -> " host" + (host + 1);
        };
        return "%s%s %.1f s, quiet %.1f s"
                .formatted(
                        kind.name().toLowerCase(Locale.ROOT),
                        kind == Kind.QUIET ? "" : who,
                        millis / 1000.0,
                        quietMillis / 1000.0);
    }
}
