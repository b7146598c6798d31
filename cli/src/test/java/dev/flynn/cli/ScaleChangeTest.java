package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.job.JobState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScaleChangeTest {

    private static final Set<String> TYPES = Set.of("web", "worker", "clock");

    @Test
    void typesThatAreNotNamedKeepTheirCount() {
        ScaleChange change =
                ScaleChange.between(Map.of("web", 4, "worker", 2, "clock", 1), Map.of("worker", 5, "web", 2), TYPES);

        assertThat(change.describe()).isEqualTo("web: 4=>2, worker: 2=>5");
        assertThat(change.result()).isEqualTo(Map.of("web", 2, "worker", 5, "clock", 1));
        assertThat(change.expected()).isEqualTo(Map.of("web", -2, "worker", 3));
    }

    @Test
    void equalCountsAreNoChange() {
        assertThat(ScaleChange.between(Map.of("web", 4), Map.of("web", 4), TYPES)
                        .isEmpty())
                .isTrue();
    }

    @Test
    void wordsThatAreNoCountsAreRefusedWithTheContractsTexts() {
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web")))
                .hasMessage("ERROR: scale args must be of the form <typ>=<qty>");
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web=x")))
                .hasMessage("ERROR: could not parse quantity in \"web=x\"");
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web=-1")))
                .hasMessage("ERROR: process quantities cannot be negative in \"web=-1\"");
        assertThatThrownBy(() -> ScaleChange.between(Map.of(), Map.of("b", 1, "a", 1, "web", 1), TYPES))
                .hasMessage("ERROR: unknown process types: \"a\", \"b\"");
    }

    @Test
    void isCompleteWhenEveryTypeHasMovedInItsDirection() {
        var progress = new ScaleProgress(Map.of("web", -1, "worker", 2));

        progress.add("web", JobState.UP);
        progress.add("web", JobState.DOWN);
        progress.add("worker", JobState.STARTING);
        progress.add("worker", JobState.UP);
        progress.add("other", JobState.UP);
        assertThat(progress.isComplete()).isFalse();
        assertThat(progress.expected()).isEqualTo("web down=1, worker up=2");
        assertThat(progress.actual()).isEqualTo("web down=1, worker up=1");

        progress.add("worker", JobState.UP);
        assertThat(progress.isComplete()).isTrue();
    }
}
