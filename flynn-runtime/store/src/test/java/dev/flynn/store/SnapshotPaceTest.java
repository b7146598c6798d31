package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SnapshotPaceTest {

    private final SnapshotPace pace = new SnapshotPace(50, 1000);

    @Test
    void aLogIsLongByItsEntriesOrByItsBytes() {
        assertThat(pace.isDue(49, 999, 0)).isFalse();
        assertThat(pace.isDue(50, 100, 0)).isTrue();
        assertThat(pace.isDue(1, 1000, 0)).isTrue();
        assertThat(pace.isDue(50, 100, 1000)).as("a small state").isTrue();
    }

    @Test
    void aLargeStateIsWrittenAgainWhenTheLogIsAsLongAsIt() {
        assertThat(pace.isDue(5000, 4999, 5000)).isFalse();
        assertThat(pace.isDue(5000, 5000, 5000)).isTrue();
    }

    @Test
    void aStateThatGrowsIsNotWrittenMoreOftenThanItDoubles() {
        long state = 0;
        long log = 0;
        long snapshot = 0;
        long written = 0;
        for (int i = 0; i < 100_000; i++) {
            state += 100;
            log += 100;
            if (pace.isDue(log / 100, log, snapshot)) {
                snapshot = state;
                written += state;
                log = 0;
            }
        }
        assertThat(written).isLessThanOrEqualTo(2 * state);
    }
}
