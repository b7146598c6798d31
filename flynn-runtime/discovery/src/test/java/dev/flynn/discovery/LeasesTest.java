package dev.flynn.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeasesTest {

    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void livesExactlyAsLongAsItsTime() {
        var leases = new Leases(TTL, START, Set.of());
        leases.renew("a", START);

        assertThat(leases.expired(Set.of("a"), at(10))).isEmpty();
        assertThat(leases.expired(Set.of("a"), at(11))).containsExactly("a");
    }

    @Test
    void whoIsMetForTheFirstTimeGetsTheWholeTime() {
        var leases = new Leases(TTL, START, Set.of());

        assertThat(leases.expired(Set.of("a"), at(5))).isEmpty();
        assertThat(leases.expired(Set.of("a"), at(15))).isEmpty();
        assertThat(leases.expired(Set.of("a"), at(16))).containsExactly("a");
    }

    @Test
    void afterARestartEverybodyGetsTwiceTheTime() {
        var leases = new Leases(TTL, START, Set.of("a"));
        lookEverySecond(leases, Set.of("a"), 1, 19);

        assertThat(leases.expired(Set.of("a"), at(20))).containsExactly("a");
    }

    @Test
    void afterALongStopEverybodyGetsTheTimeOfARestart() {
        var leases = new Leases(TTL, START, Set.of());
        leases.renew("a", START);
        lookEverySecond(leases, Set.of("a"), 1, 5);

        assertThat(leases.expired(Set.of("a"), at(3600))).isEmpty();
        lookEverySecond(leases, Set.of("a"), 3601, 3619);
        assertThat(leases.expired(Set.of("a"), at(3620))).containsExactly("a");
    }

    @Test
    void whoRegistersAgainAfterBeingGoneStartsAnew() {
        var leases = new Leases(TTL, START, Set.of());
        leases.renew("a", START);
        leases.expired(Set.of(), at(1));

        lookEverySecond(leases, Set.of("a"), 9, 12);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nobodyDiesTooEarlyNorLaterThanTheNextLook(long seed) {
        var random = new Random(seed);
        var leases = new Leases(TTL, START, Set.of());
        Map<String, Integer> renewed = new HashMap<>();
        for (int second = 1; second < 500; second++) {
            String key = "instance" + random.nextInt(30);
            leases.renew(key, at(second));
            renewed.put(key, second);

            List<String> expired = leases.expired(Set.copyOf(renewed.keySet()), at(second));

            for (Map.Entry<String, Integer> one : Map.copyOf(renewed).entrySet()) {
                boolean due = second - one.getValue() > TTL.toSeconds();
                assertThat(expired.contains(one.getKey()))
                        .as("%s at %d, seed %d", one, second, seed)
                        .isEqualTo(due);
            }
            expired.forEach(renewed::remove);
        }
    }

    private static void lookEverySecond(Leases leases, Set<String> registered, int from, int to) {
        for (int second = from; second <= to; second++) {
            assertThat(leases.expired(registered, at(second)))
                    .as("second %d", second)
                    .isEmpty();
        }
    }

    private static Instant at(int second) {
        return START.plusSeconds(second);
    }
}
