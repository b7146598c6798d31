package dev.flynn.images;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.images.CollectPolicy.Candidate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CollectPolicyTest {

    private static final Instant NOW = Instant.parse("2026-01-31T00:00:00Z");
    private static final Digest BASE = digest("a");
    private static final Digest OLD_LAYER = digest("b");
    private static final Digest NEW_LAYER = digest("c");
    private static final Map<Digest, Long> SIZES = Map.of(BASE, 1000L, OLD_LAYER, 10L, NEW_LAYER, 20L);

    private final Candidate old = candidate("1", OLD_LAYER, 30, false);
    private final Candidate recent = candidate("2", NEW_LAYER, 1, false);

    @Test
    void whatWasNotUsedForTheRetentionTimeGoes() {
        assertThat(chosen(new CollectPolicy(Duration.ofDays(7), 0, 0), recent, old))
                .containsExactly(old.id());
        assertThat(chosen(new CollectPolicy(Duration.ofDays(31), 0, 0), recent, old))
                .isEmpty();
    }

    @Test
    void whatIsHeldStaysWhateverIsWanted() {
        Candidate held = candidate("3", NEW_LAYER, 300, true);

        assertThat(chosen(CollectPolicy.ALL, held, old)).containsExactly(old.id());
    }

    @Test
    void theLeastRecentlyUsedGoUntilTheRestIsWithinItsLimit() {
        Duration year = Duration.ofDays(365);

        assertThat(chosen(new CollectPolicy(year, 1030, 0), recent, old)).isEmpty();
        assertThat(chosen(new CollectPolicy(year, 1029, 0), recent, old)).containsExactly(old.id());
        assertThat(chosen(new CollectPolicy(year, 1019, 0), recent, old)).containsExactly(old.id(), recent.id());
    }

    @Test
    void whatIsFreedIsWhatNoOtherImageHas() {
        Duration year = Duration.ofDays(365);

        assertThat(chosen(new CollectPolicy(year, 0, 10), recent, old)).containsExactly(old.id());
        // the base goes with the last one only
        assertThat(chosen(new CollectPolicy(year, 0, 11), recent, old)).containsExactly(old.id(), recent.id());
    }

    private static List<Digest> chosen(CollectPolicy policy, Candidate... images) {
        return policy.choose(List.of(images), SIZES::get, NOW);
    }

    private static Candidate candidate(String id, Digest layer, int days, boolean held) {
        return new Candidate(digest(id), Set.of(BASE, layer), NOW.minus(Duration.ofDays(days)), held);
    }

    private static Digest digest(String digit) {
        return new Digest(digit.repeat(64));
    }
}
