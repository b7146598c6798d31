package dev.flynn.disk;

import static java.util.Objects.requireNonNull;

import dev.flynn.disk.Item.Worth;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What goes when. A pure function of what is there, how much room there is, and the time.
 *
 * @param cacheRetention what can be had again goes when nobody used it for so long
 * @param keptPerApp of what can be had again, so many of each app stay, those used last; what is in use counts
 * @param grace what an app left that is gone stays so long after its last use
 * @param reserveBytes what is to stay free: below it everything that can be had again goes, the oldest first, until there is
 *     enough, and what is left over and trivial
 */
public record GarbagePolicy(Duration cacheRetention, int keptPerApp, Duration grace, long reserveBytes) {

    /** A week, five, a week. */
    public static GarbagePolicy withReserve(long reserveBytes) {
        return new GarbagePolicy(Duration.ofDays(7), 5, Duration.ofDays(7), reserveBytes);
    }

    private static final Comparator<Item> OLDEST_FIRST =
            Comparator.comparing(Item::usedAt).thenComparing(Item::shelf).thenComparing(Item::id);

    public GarbagePolicy {
        requireNonNull(cacheRetention, "cacheRetention");
        requireNonNull(grace, "grace");
    }

    /** More than the reserve is made free, so that the next file does not touch it again. */
    long wantedBytes() {
        return reserveBytes + reserveBytes / 4;
    }

    /**
     * Those that go, in this order.
     *
     * @param usableBytes what is free now
     */
    public List<Item> choose(List<Item> items, long usableBytes, Instant now) {
        Set<Item> chosen = new LinkedHashSet<>();
        items.stream().sorted(OLDEST_FIRST).filter(item -> isOver(item, now)).forEach(chosen::add);
        chosen.addAll(beyondRetention(items));
        if (usableBytes < reserveBytes) {
            makeRoom(items, usableBytes, chosen);
        }
        return List.copyOf(chosen);
    }

    private boolean isOver(Item item, Instant now) {
        return switch (item.worth()) {
            case IN_USE, OWNED -> false;
            case CACHE -> item.usedAt().isBefore(now.minus(cacheRetention));
            case LEFT_OVER, LEFT_OVER_TRIVIAL -> item.usedAt().isBefore(now.minus(grace));
        };
    }

    /** Per app and shelf; what has no app has no limit of its own. */
    private List<Item> beyondRetention(List<Item> items) {
        Map<String, Integer> kept = new HashMap<>();
        List<Item> beyond = new ArrayList<>();
        items.stream()
                .filter(item -> item.app().isPresent() && (item.worth() == Worth.CACHE || item.worth() == Worth.IN_USE))
                .sorted(Comparator.comparing((Item item) -> item.worth() != Worth.IN_USE)
                        .thenComparing(OLDEST_FIRST.reversed()))
                .forEach(item -> {
                    String owner = item.shelf() + "/" + item.app().orElseThrow();
                    if (kept.merge(owner, 1, Integer::sum) > keptPerApp && item.worth() == Worth.CACHE) {
                        beyond.add(item);
                    }
                });
        return beyond;
    }

    private void makeRoom(List<Item> items, long usableBytes, Set<Item> chosen) {
        long free = usableBytes + chosen.stream().mapToLong(Item::bytes).sum();
        for (Item item : items.stream().sorted(OLDEST_FIRST).toList()) {
            if (free >= wantedBytes()) {
                return;
            }
            boolean dispensable = item.worth() == Worth.CACHE || item.worth() == Worth.LEFT_OVER_TRIVIAL;
            if (dispensable && chosen.add(item)) {
                free += item.bytes();
            }
        }
    }
}
