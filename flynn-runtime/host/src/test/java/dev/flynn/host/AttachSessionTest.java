package dev.flynn.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.host.AttachListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AttachSessionTest {

    private final Heard heard = new Heard();
    private final AttachSession session = new AttachSession(
            JobId.random("host"),
            false,
            Optional.empty(),
            heard,
            () -> {
                throw new IllegalStateException("nothing is sent to the job");
            },
            closed -> {});

    @Test
    void whatIsSaidOfAJobBeforeItRunsComesOnceItDoes() {
        session.output(OutputStreamKind.INIT, "fetching its image".getBytes(UTF_8));
        assertThat(heard.calls).isEmpty();

        session.attached();
        session.output(OutputStreamKind.STDOUT, "hello".getBytes(UTF_8));
        session.exit(3);

        assertThat(heard.calls).containsExactly("attached", "INIT fetching its image", "STDOUT hello", "exit 3");
    }

    @Test
    void ofAJobThatNeverRunsOnlyTheErrorIsTold() {
        session.output(OutputStreamKind.INIT, "fetching its image".getBytes(UTF_8));

        session.error("there is no such image");

        assertThat(heard.calls).containsExactly("error there is no such image");
    }

    private static final class Heard implements AttachListener {

        private final List<String> calls = new ArrayList<>();

        @Override
        public void onAttached() {
            calls.add("attached");
        }

        @Override
        public void onOutput(OutputStreamKind stream, byte[] bytes) {
            calls.add(stream + " " + new String(bytes, UTF_8));
        }

        @Override
        public void onExit(int status) {
            calls.add("exit " + status);
        }

        @Override
        public void onError(String reason) {
            calls.add("error " + reason);
        }
    }
}
