package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.job.JobState;
import dev.flynn.cli.ScaleChange.Counts;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScaleChangeTest {

    private static final Set<String> TYPES = Set.of("web", "worker", "clock");

    private static Counts counts(Map<String, Integer> processes) {
        return new Counts(processes, Map.of());
    }

    @Test
    void typesThatAreNotNamedKeepTheirCount() {
        ScaleChange change = ScaleChange.between(
                counts(Map.of("web", 4, "worker", 2, "clock", 1)), counts(Map.of("worker", 5, "web", 2)), TYPES);

        assertThat(change.describe()).isEqualTo("web: 4=>2, worker: 2=>5");
        assertThat(change.result().processes()).isEqualTo(Map.of("web", 2, "worker", 5, "clock", 1));
        assertThat(change.expected()).isEqualTo(Map.of("web", -2, "worker", 3));
        assertThat(change.changesTags()).isFalse();
    }

    @Test
    void equalCountsAreNoChange() {
        assertThat(ScaleChange.between(counts(Map.of("web", 4)), counts(Map.of("web", 4)), TYPES)
                        .isEmpty())
                .isTrue();
    }

    @Test
    void tagsFollowTheCountAndAreKeptUnlessTheyAreNamed() {
        var before = new Counts(
                Map.of("web", 1, "worker", 1), Map.of("web", Map.of("disk", "ssd"), "worker", Map.of("old", "true")));

        ScaleChange change =
                ScaleChange.between(before, ScaleChange.parse(List.of("web=3", "worker=1,zone=b=2,fast")), TYPES);

        assertThat(change.after()).isEqualTo(Map.of("web", 3));
        assertThat(change.changesTags()).isTrue();
        assertThat(change.result().tags())
                .isEqualTo(Map.of("web", Map.of("disk", "ssd"), "worker", Map.of("zone", "b=2", "fast", "true")));
    }

    @Test
    void aCommaAloneMeansNoTagsAnyMore() {
        var before = new Counts(Map.of("web", 1), Map.of("web", Map.of("disk", "ssd")));

        ScaleChange change = ScaleChange.between(before, ScaleChange.parse(List.of("web=1,")), TYPES);

        assertThat(change.after()).isEmpty();
        assertThat(change.isEmpty()).isFalse();
        assertThat(change.result().tags()).isEmpty();
    }

    @Test
    void wordsThatAreNoCountsAreRefusedWithTheContractsTexts() {
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web")))
                .hasMessage("ERROR: scale args must be of the form <typ>=<qty>");
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web=x")))
                .hasMessage("ERROR: could not parse quantity in \"web=x\"");
        assertThatThrownBy(() -> ScaleChange.parse(List.of("web=-1")))
                .hasMessage("ERROR: process quantities cannot be negative in \"web=-1\"");
        assertThatThrownBy(() -> ScaleChange.between(counts(Map.of()), counts(Map.of("b", 1, "a", 1, "web", 1)), TYPES))
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

    @Test
    void aTypeThatCrashesIsDownWithoutAJobThatEnds() {
        var progress = new ScaleProgress(Map.of("web", -2, "worker", 1));

        progress.settle(Map.of("web", 1, "worker", 1), Map.of("web", 2));
        assertThat(progress.actual()).isEqualTo("web down=0, worker up=0");

        progress.settle(Map.of("web", 1, "worker", 1), Map.of("web", 1, "worker", 1));
        assertThat(progress.actual()).isEqualTo("web down=2, worker up=0");
        assertThat(progress.isComplete())
                .as("jobs that shall come up are waited for")
                .isFalse();
    }
}
