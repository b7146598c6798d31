package dev.flynn.sdutil;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {

    private static final Map<String, Object> ROOT =
            Map.of("a", "A", "empty", "", "list", List.of("x", "y"), "map", Map.of("b", "B"));

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\0',
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "plain|plain",
                "{{.a}}{{ .a }}|AA",
                "{{.map.b}}|B",
                "{{(.map).b}}|B",
                "{{.nothing}}|<no value>",
                "{{\"text\"}}{{`raw`}}|textraw",
                "{{/* said */}}x|x",
                "{{if .a}}yes{{else}}no{{end}}|yes",
                "{{if .empty}}yes{{else}}no{{end}}|no",
                "{{if .nothing}}yes{{end}}|",
                "{{range .list}}<{{.}}>{{end}}|<x><y>",
                "{{range .nothing}}{{.}}{{else}}none{{end}}|none",
                "{{with .map}}{{.b}}{{end}}|B",
                "{{range .list}}{{if .}}{{.}}{{end}}{{end}}|xy",
                "a {{- .a -}} b|aAb",
                "a {{.a}} b|a A b",
                "{{call \"it\"}}|<call it>",
                "{{(.call \"it\")}}|<call it>",
            })
    void rendersWhatGoWould(String template, String expected) {
        String dotted = template.replace("{{call", "{{.call");
        assertThat(Template.parse("t", dotted).render(ROOT, TemplateTest::field))
                .isEqualTo(expected == null ? "" : expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{if .a}}",
                "{{end}}",
                "{{else}}",
                "{{if .a}}{{else}}{{else if}}",
                "{{.a | printf}}",
                "{{(.a}}",
                "{{$x}}",
                "{{}}",
                "{{range .a}}{{end}}"
            })
    void whatItDoesNotUnderstandIsSaid(String template) {
        assertThatExceptionOfType(Usage.class)
                .isThrownBy(() -> Template.parse("t", template).render(ROOT, TemplateTest::field))
                .withMessageStartingWith("template t: ");
    }

    @Test
    void textAroundActionsIsKeptAsItIs() {
        String text = "line {\n  }} and {{.a}}\n\ttab\n";

        assertThat(Template.parse("t", text).render(ROOT, TemplateTest::field))
                .isEqualTo("line {\n  }} and A\n\ttab\n");
    }

    private static Optional<Object> field(Object value, String name, Optional<String> argument) {
        if (name.equals("call")) {
            return argument.map(given -> "<call " + given + ">");
        }
        return value instanceof Map<?, ?> map ? Optional.ofNullable(map.get(name)) : Optional.empty();
    }
}
