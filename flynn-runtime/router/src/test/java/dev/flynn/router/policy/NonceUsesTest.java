package dev.flynn.router.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NonceUsesTest {

    private final NonceUses uses = new NonceUses(4);

    @Test
    void eachCountIsTakenOnce() {
        assertThat(uses.use("a", 1, 1)).isTrue();
        assertThat(uses.use("a", 1, 1)).isFalse();
        assertThat(uses.use("a", 1, 2)).isTrue();
        assertThat(uses.use("b", 1, 1)).isTrue();
        assertThat(uses.use("a", 1, 0)).isFalse();
        assertThat(uses.use("a", 1, 0xffffffffL)).isTrue();
        assertThat(uses.use("a", 1, 3)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void countsMayArriveOutOfOrder(long seed) {
        List<Long> counts = new ArrayList<>();
        for (long count = 1; count <= NonceUses.WINDOW; count++) {
            counts.add(count);
            counts.add(count);
        }
        Collections.shuffle(counts, new Random(seed));
        Set<Long> taken = new HashSet<>();

        for (long count : counts) {
            assertThat(uses.use("a", 1, count)).as("%d of seed %d", count, seed).isEqualTo(taken.add(count));
        }
    }

    @Test
    void whatIsForgottenIsNotGoodAgain() {
        for (int time = 1; time <= 100; time++) {
            assertThat(uses.use("nonce " + time, time, 1)).isTrue();
            assertThat(uses.size()).isLessThanOrEqualTo(4);
        }
        for (int time = 1; time <= 100; time++) {
            assertThat(uses.use("nonce " + time, time, 1)).isFalse();
        }
    }
}
