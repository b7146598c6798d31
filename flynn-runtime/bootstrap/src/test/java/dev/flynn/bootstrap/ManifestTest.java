package dev.flynn.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ManifestTest {

    private static final Set<String> ACTIONS = Set.of("check", "log", "wait");

    @Test
    void theHostsAreLookedForFirst() {
        Manifest manifest = Manifest.parse("[{'id':'a','action':'log'}]".replace('\'', '"'), ACTIONS);

        assertThat(manifest.steps()).extracting(Step::id).containsExactly("online-hosts", "a");
        assertThat(manifest.steps()).extracting(Step::action).containsExactly("check", "log");
    }

    @Test
    void stepsKnowWhatTheyComeAfter() {
        Manifest manifest = parse("""
                [{"id": "a", "action": "log", "after": []},
                 {"id": "b", "action": "wait", "after": ["online-hosts", "a"], "url": "http://x"},
                 {"id": "c", "action": "log"}]
                """);

        assertThat(manifest.steps())
                .extracting(Step::after)
                .containsExactly(
                        Optional.of(List.of()),
                        Optional.of(List.of()),
                        Optional.of(List.of("online-hosts", "a")),
                        Optional.empty());
        assertThat(manifest.steps().get(2).text("url")).isEqualTo("http://x");
    }

    @Test
    void theDefaultManifestIsRight() {
        Manifest manifest = Manifest.parse(Bootstrap.defaultManifest(), Actions.names());

        assertThat(manifest.steps())
                .extracting(Step::id)
                .contains("controller", "log-complete")
                .doesNotHaveDuplicates();
    }

    @Test
    void anUnknownActionIsNamed() {
        assertThatThrownBy(() -> parse("[{\"id\": \"a\", \"action\": \"resource-check\"}]"))
                .isInstanceOf(FlynnException.class)
                .hasMessage("bootstrap: unknown action \"resource-check\"");
    }

    @Test
    void aSyntaxErrorIsShownWithItsPlace() {
        assertThatThrownBy(() -> parse("[\n  {\"id\": \"a\",\n   \"action\" \"log\"}\n]"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SYNTAX))
                .hasMessageContaining("line 3")
                .hasMessageContaining("column")
                .hasMessageContaining("\"action\" \"log\"}");
    }

    static Stream<Arguments> wrongManifests() {
        return Stream.of(
                Arguments.of("{}", "JSON array"),
                Arguments.of("[{'id': 'a'}]", "an id and an action"),
                Arguments.of("[{'action': 'log'}]", "an id and an action"),
                Arguments.of(
                        "[{'id': 'a', 'action': 'log'}, {'id': 'a', 'action': 'log'}]", "two steps have the id \"a\""),
                Arguments.of(
                        "[{'id': 'a', 'action': 'log', 'after': ['b']}, {'id': 'b', 'action': 'log'}]",
                        "after \"b\", which is no step before it"),
                Arguments.of(
                        "[{'id': 'a', 'action': 'log', 'after': ['a']}]", "after \"a\", which is no step before it"));
    }

    @ParameterizedTest
    @MethodSource("wrongManifests")
    void whatIsWrongIsSaid(String manifest, String message) {
        assertThatThrownBy(() -> parse(manifest.replace('\'', '"')))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining(message);
    }

    private static Manifest parse(String text) {
        return Manifest.parse(text, ACTIONS);
    }
}
