package dev.flynn.spi.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartitionsTest {

    @Test
    void readsWhatIsSaidOfAllThree() {
        assertThat(Partitions.parse(" system=cpu_shares:2  user=cpu_shares:262144 background=cpu_shares:10 ")
                        .shares())
                .isEqualTo(Map.of(Priority.SYSTEM, 2, Priority.USER, 262_144, Priority.BACKGROUND, 10));
        assertThat(Partitions.parse("system=cpu_shares:4096 background=cpu_shares:4096 user=cpu_shares:8192"))
                .isEqualTo(Partitions.DEFAULTS);
        assertThat(Partitions.parse(Partitions.DEFAULTS.text())).isEqualTo(Partitions.DEFAULTS);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    system=cpu_shares:4096 user=cpu_shares:8192                           | background is missing
                    system=cpu_shares:1 background=cpu_shares:4096 user=cpu_shares:8192   | system must have 2 to 262144 shares, not 1
                    system=cpu_shares:9 background=cpu_shares:9 user=cpu_shares:262145    | user must have 2 to 262144 shares
                    system=4096 background=cpu_shares:4096 user=cpu_shares:8192           | "system=4096" is not of the form
                    system=cpu_shares:x background=cpu_shares:4096 user=cpu_shares:8192   | "system=cpu_shares:x" must end with a number
                    other=cpu_shares:4096 background=cpu_shares:4096 user=cpu_shares:8192 | "other" is none of system, background, user
                    user=cpu_shares:4096 user=cpu_shares:4096 system=cpu_shares:8192      | "user" is named twice
                    """)
    void saysWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> Partitions.parse(text))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aJobThatNamesNoneIsOfUser() {
        JobSpec job = JobSpec.ofCommand(
                new JobId("a-2f0c3b63-8f9c-44a2-9b50-6d5f1b4d0a11"), new JobSpec.Image("host", ""), List.of("true"));
        assertThat(Partitions.of(job)).isEqualTo(Priority.USER);
        assertThat(Partitions.of(job.toBuilder()
                        .partition(Optional.of(Priority.BACKGROUND))
                        .build()))
                .isEqualTo(Priority.BACKGROUND);
    }
}
