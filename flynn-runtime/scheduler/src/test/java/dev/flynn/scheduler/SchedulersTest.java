package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.scheduler.Scheduler;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SchedulersTest {

    @Test
    void jobsAreSpreadUnlessSomethingElseIsAskedFor() {
        assertThat(of(Map.of())).isInstanceOf(SpreadScheduler.class);
        assertThat(of(Map.of("SCHEDULER", ""))).isInstanceOf(SpreadScheduler.class);
        assertThat(of(Map.of("SCHEDULER", "binpack"))).isInstanceOf(BinpackScheduler.class);
    }

    @Test
    void anUnknownNameIsRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> of(Map.of("SCHEDULER", "tetris")))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("tetris")
                .hasMessageContaining("binpack")
                .hasMessageContaining("spread");
    }

    private static Scheduler of(Map<String, String> env) {
        return Schedulers.fromEnv(
                env,
                SchedulersTest.class.getClassLoader(),
                new ComponentContext("host1", Path.of("unused"), Clock.systemUTC()));
    }
}
