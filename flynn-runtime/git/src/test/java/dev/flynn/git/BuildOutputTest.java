package dev.flynn.git;

import static dev.flynn.api.host.OutputStreamKind.STDERR;
import static dev.flynn.api.host.OutputStreamKind.STDOUT;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildOutputTest {

    private final List<String> lines = new ArrayList<>();
    private final BuildOutput output = new BuildOutput(lines::add);

    @Test
    void passesLinesOnWhenTheyEndHoweverTheyArrive() {
        byte[] text = "größer\n\nrest".getBytes(StandardCharsets.UTF_8);
        for (byte one : text) {
            output.write(STDOUT, new byte[] {one});
        }

        assertThat(lines).containsExactly("größer", "");
        output.finish();
        assertThat(lines).containsExactly("größer", "", "rest");
    }

    @Test
    void keepsTheStreamsApart() {
        output.write(STDOUT, "one".getBytes(StandardCharsets.UTF_8));
        output.write(STDERR, "two\n".getBytes(StandardCharsets.UTF_8));
        output.write(STDOUT, " half\n".getBytes(StandardCharsets.UTF_8));

        assertThat(lines).containsExactly("two", "one half");
    }

    @Test
    void aLineWithoutEndDoesNotPileUpAndNoCharacterIsTorn() {
        String endless = "é".repeat(BuildOutput.MAX_LINE_BYTES);

        output.write(STDOUT, ("x" + endless).getBytes(StandardCharsets.UTF_8));
        output.finish();

        assertThat(lines).hasSizeGreaterThan(1).noneMatch(line -> line.contains("\uFFFD"));
        assertThat(String.join("", lines)).isEqualTo("x" + endless);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "       Procfile declares types -> web, clock | web clock",
                "       Default process types for Node.js -> web | web",
                "\u001b[1G       Procfile declares types -> a,b ,a | a b",
                "       Procfile declares types -> bad name, web | web",
                "nothing of the kind -> web | ''",
                "types -> | ''"
            })
    void findsTheDeclaredTypes(String line, String types) {
        output.write(STDOUT, (line + "\n").getBytes(StandardCharsets.UTF_8));

        assertThat(String.join(" ", output.processTypes())).isEqualTo(types);
    }

    @Test
    void theFirstDeclarationCounts() {
        output.write(STDOUT, "types -> web\ntypes -> other\n".getBytes(StandardCharsets.UTF_8));

        assertThat(output.processTypes()).containsExactly("web");
    }
}
