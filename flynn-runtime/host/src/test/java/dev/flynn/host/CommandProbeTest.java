package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.container.ExecResult;
import org.junit.jupiter.api.Test;

class CommandProbeTest {

    @Test
    void howTheCommandEndedAndWhatItWroteIsTold() {
        assertThat(CommandProbe.why(ExecResult.ended(3, "no database\n"))).isEqualTo("exit status 3: no database");
        assertThat(CommandProbe.why(ExecResult.ended(1, " \n"))).isEqualTo("exit status 1");
        assertThat(CommandProbe.why(ExecResult.tookTooLong("waiting"))).isEqualTo("killed after 2 s: waiting");
    }

    @Test
    void ofALongOutputTheLastLinesAreTold() {
        String why = CommandProbe.why(ExecResult.ended(1, "a line of the output\n".repeat(1000) + "the reason\n"));

        assertThat(why).startsWith("exit status 1: a line of").endsWith("\nthe reason");
        assertThat(why.length()).isLessThan(2100);
    }
}
