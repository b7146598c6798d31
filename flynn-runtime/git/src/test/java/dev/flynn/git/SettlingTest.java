package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SettlingTest {

    @Test
    void takesAsLongAsWasSaidAndNotLongerForWhoComesLate() {
        long begun = System.nanoTime();
        Settling settling = Settling.after(Duration.ofMillis(20));

        settling.await();
        assertThat(System.nanoTime() - begun)
                .isGreaterThanOrEqualTo(Duration.ofMillis(20).toNanos());

        Thread.currentThread().interrupt();
        settling.await();
        Settling.NOTHING.await();
        assertThat(Thread.interrupted()).isTrue();
    }
}
