package dev.flynn.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.disk.Item.Worth;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GarbagePolicyTest {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
    private static final long RESERVE = 1000;
    private static final long PLENTY = 1_000_000;

    private final GarbagePolicy policy = new GarbagePolicy(Duration.ofDays(7), 2, Duration.ofDays(3), RESERVE);

    @Test
    void whatIsInUseOrOwnedNeverGoesHoweverOldAndFull() {
        List<Item> items = List.of(item("used", Worth.IN_USE, 1000, 500), item("owned", Worth.OWNED, 1000, 500));

        assertThat(policy.choose(items, 0, NOW)).isEmpty();
    }

    @Test
    void whatCanBeHadAgainGoesWhenNobodyUsedItForLong() {
        Item old = item("old", Worth.CACHE, 8, 10);
        Item young = item("young", Worth.CACHE, 6, 10);

        assertThat(policy.choose(List.of(young, old), PLENTY, NOW)).containsExactly(old);
    }

    @Test
    void whatIsLeftOverStaysForTheTimeOfGrace() {
        Item old = item("old", Worth.LEFT_OVER, 4, 10);
        Item young = item("young", Worth.LEFT_OVER, 2, 10);
        Item log = item("log", Worth.LEFT_OVER_TRIVIAL, 4, 10);

        assertThat(policy.choose(List.of(old, young, log), PLENTY, NOW)).containsExactlyInAnyOrder(old, log);
    }

    @Test
    void ofEachAppAndKindTheNewestStay() {
        AppId shop = AppId.random();
        AppId blog = AppId.random();
        Item oldest = of(shop, "slugs", "1", Worth.CACHE, 4);
        Item middle = of(shop, "slugs", "2", Worth.CACHE, 3);
        Item newest = of(shop, "slugs", "3", Worth.CACHE, 2);
        Item otherKind = of(shop, "images", "4", Worth.CACHE, 5);
        Item otherApp = of(blog, "slugs", "5", Worth.CACHE, 5);

        assertThat(policy.choose(List.of(oldest, middle, newest, otherKind, otherApp), PLENTY, NOW))
                .containsExactly(oldest);
    }

    @Test
    void whatIsInUseCountsAmongThoseThatStay() {
        AppId shop = AppId.random();
        Item used = of(shop, "slugs", "1", Worth.IN_USE, 6);
        Item old = of(shop, "slugs", "2", Worth.CACHE, 3);
        Item young = of(shop, "slugs", "3", Worth.CACHE, 2);

        assertThat(policy.choose(List.of(used, old, young), PLENTY, NOW)).containsExactly(old);
    }

    @Test
    void withoutRoomTheOldestGoFirstAndNoMoreThanIsNeeded() {
        Item oldest = item("1", Worth.CACHE, 3, 400);
        Item middle = item("2", Worth.LEFT_OVER_TRIVIAL, 2, 400);
        Item newest = item("3", Worth.CACHE, 1, 400);

        // 500 are free and 1250 are wanted
        assertThat(policy.choose(List.of(newest, oldest, middle), 500, NOW)).containsExactly(oldest, middle);
    }

    @Test
    void whatGoesAnywayIsCountedBeforeMoreIsTaken() {
        Item over = item("over", Worth.CACHE, 30, 900);
        Item young = item("young", Worth.CACHE, 1, 900);

        assertThat(policy.choose(List.of(over, young), 500, NOW)).containsExactly(over);
    }

    @Test
    void dataThatIsLeftOverDoesNotGoForWantOfRoom() {
        Item volume = item("volume", Worth.LEFT_OVER, 1, 5000);

        assertThat(policy.choose(List.of(volume), 0, NOW)).isEmpty();
    }

    @Test
    void theReserveItselfIsEnough() {
        Item cached = item("cached", Worth.CACHE, 1, 5000);

        assertThat(policy.choose(List.of(cached), RESERVE, NOW)).isEmpty();
        assertThat(policy.choose(List.of(cached), RESERVE - 1, NOW)).containsExactly(cached);
    }

    @Test
    void theSameThingsGiveTheSameAnswerInWhateverOrderAndNothingTwice() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            List<Item> items = new ArrayList<>();
            AppId app = AppId.of("00000000-0000-4000-8000-000000000001");
            for (int i = 0; i < 20; i++) {
                Worth worth = Worth.values()[random.nextInt(Worth.values().length)];
                items.add(new Item(
                        random.nextBoolean() ? "slugs" : "volumes",
                        String.valueOf(i),
                        random.nextBoolean() ? Optional.of(app) : Optional.empty(),
                        random.nextInt(500),
                        NOW.minus(Duration.ofHours(random.nextInt(400))),
                        worth));
            }
            long usable = random.nextInt(2000);

            List<Item> chosen = policy.choose(items, usable, NOW);
            Collections.shuffle(items, random);

            assertThat(policy.choose(items, usable, NOW)).as("seed %d", seed).isEqualTo(chosen);
            assertThat(chosen)
                    .as("seed %d", seed)
                    .doesNotHaveDuplicates()
                    .allMatch(item -> item.worth().mayGo());
            long left = items.stream()
                    .filter(item -> !chosen.contains(item))
                    .filter(item -> item.worth() == Worth.CACHE || item.worth() == Worth.LEFT_OVER_TRIVIAL)
                    .mapToLong(Item::bytes)
                    .sum();
            long free = usable + chosen.stream().mapToLong(Item::bytes).sum();
            assertThat(usable >= RESERVE || free >= policy.wantedBytes() || left == 0)
                    .as("seed %d: there is room, or nothing that could go", seed)
                    .isTrue();
        }
    }

    private static Item item(String id, Worth worth, int daysOld, long bytes) {
        return new Item("slugs", id, Optional.empty(), bytes, NOW.minus(Duration.ofDays(daysOld)), worth);
    }

    private static Item of(AppId app, String shelf, String id, Worth worth, int daysOld) {
        return new Item(shelf, id, Optional.of(app), 10, NOW.minus(Duration.ofDays(daysOld)), worth);
    }
}
