package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.OutputStreamKind;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class InitFailureTest {

    private static final String SAID = "[FATAL tini (7)] exec /no/such failed: No such file or directory\n";

    private final InitFailure failure = new InitFailure();

    @Test
    void aProgramThatIsNotThere() {
        note(OutputStreamKind.STDERR, SAID);

        assertThat(failure.of(127)).contains("cannot run /no/such: No such file or directory");
    }

    @Test
    void saidInPieces() {
        for (String piece : SAID.split("(?<=[ (])")) {
            note(OutputStreamKind.STDERR, piece);
        }

        assertThat(failure.of(126)).contains("cannot run /no/such: No such file or directory");
    }

    @Test
    void aProgramThatRanAndEndedSo() {
        note(OutputStreamKind.STDERR, SAID);

        assertThat(failure.of(1)).isEmpty();
    }

    @Test
    void aProgramThatSaysTheSameAndMore() {
        note(OutputStreamKind.STDERR, SAID);
        note(OutputStreamKind.STDOUT, "and more\n");

        assertThat(failure.of(127)).isEmpty();
    }

    @Test
    void aProgramThatSaysSomethingElseFirst() {
        note(OutputStreamKind.STDERR, "begin\n");
        note(OutputStreamKind.STDERR, SAID);

        assertThat(failure.of(127)).isEmpty();
    }

    @Test
    void aProgramThatNeverComesToAnEnd() {
        note(OutputStreamKind.STDERR, "[FATAL tini (7)] exec " + "x".repeat(10_000));
        note(OutputStreamKind.STDERR, " failed: No such file or directory\n");

        assertThat(failure.of(127)).isEmpty();
    }

    private void note(OutputStreamKind stream, String text) {
        failure.note(stream, text.getBytes(StandardCharsets.UTF_8));
    }
}
