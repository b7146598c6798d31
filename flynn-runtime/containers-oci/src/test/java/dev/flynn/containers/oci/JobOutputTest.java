package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobOutputTest {

    private static final String HEAD = "2026-11-21T11:43:52.431801592+00:00 stdout F ";
    private static final long ROTATE_BYTES = 200;

    @TempDir
    Path directory;

    private final StringBuilder delivered = new StringBuilder();
    private JobOutput output;

    @BeforeEach
    void open() throws IOException {
        output = new JobOutput(log(), directory.resolve("position"), directory.resolve("ctl"), ROTATE_BYTES);
    }

    @AfterEach
    void close() throws IOException {
        output.close();
    }

    @Test
    void whatIsWrittenIsDeliveredOnce() throws IOException {
        deliver();
        write("one");
        deliver();
        deliver();
        write("two");
        deliver();

        assertThat(delivered).hasToString("one\ntwo\n");
    }

    @Test
    void anotherOneGoesOnWhereTheFirstEnded() throws IOException {
        write("one");
        deliver();
        output.close();
        write("two");

        open();
        deliver();

        assertThat(delivered).hasToString("one\ntwo\n");
    }

    @Test
    void whoTakesNoMoreGetsTheRestLater() throws IOException {
        write("one");
        Files.writeString(log(), HEAD.replace("stdout", "stderr") + "two\n", StandardOpenOption.APPEND);

        output.deliver((stream, bytes) -> {
            delivered.append(new String(bytes, StandardCharsets.UTF_8));
            return false;
        });
        assertThat(delivered).hasToString("one\n");
        deliver();

        assertThat(delivered).hasToString("one\ntwo\n");
    }

    @Test
    void aLogThatIsLongEnoughIsReplacedWithoutLoss() throws IOException {
        var expected = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            write("line " + i);
            expected.append("line ").append(i).append('\n');
            deliver();
            if (Files.exists(old())) {
                // what conmon wrote before it heard that a new log is wanted, and then after
                Files.writeString(old(), HEAD + "late " + i + "\n", StandardOpenOption.APPEND);
                expected.append("late ").append(i).append('\n');
                Files.createFile(log());
                deliver();
            }
        }

        assertThat(delivered).hasToString(expected.toString());
        assertThat(old()).doesNotExist();
        assertThat(log()).satisfies(file -> assertThat(Files.size(file)).isLessThan(2 * ROTATE_BYTES));
    }

    @Test
    void anotherOneGoesOnInTheMiddleOfAReplacement() throws IOException {
        write("x".repeat((int) ROTATE_BYTES));
        deliver();
        assertThat(old()).exists();
        Files.writeString(old(), HEAD + "late\n", StandardOpenOption.APPEND);
        output.close();
        write("new");
        delivered.setLength(0);

        open();
        deliver();

        assertThat(delivered).hasToString("late\nnew\n");
        assertThat(old()).doesNotExist();
    }

    @Test
    void whatIsNotDeliveredIsKnown() throws IOException {
        write("one");

        assertThat(output.backlog()).isEqualTo(Files.size(log()));
    }

    private void write(String line) throws IOException {
        Files.writeString(log(), HEAD + line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void deliver() throws IOException {
        output.deliver((stream, bytes) -> {
            delivered.append(new String(bytes, StandardCharsets.UTF_8));
            return true;
        });
    }

    private Path log() {
        return directory.resolve("job.log");
    }

    private Path old() {
        return directory.resolve("job.log.old");
    }
}
