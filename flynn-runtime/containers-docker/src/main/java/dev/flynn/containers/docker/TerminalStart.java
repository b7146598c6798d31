package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.ContainerConfig;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.TerminalSize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a terminal its size before the process of a job looks at it, where the engine cannot: engines before 23 take a size
 * only of a container that runs already. The image's own shell and {@code stty} do it then, if it has them.
 */
final class TerminalStart {

    static final String SHELL = "/bin/sh";

    private TerminalStart() {}

    /** The same job, beginning with the size of its terminal. */
    static JobSpec sizedFirst(JobSpec spec, ContainerConfig image) {
        TerminalSize size = spec.tty().orElseThrow();
        boolean ofImage = spec.entrypoint().isEmpty();
        List<String> line = new ArrayList<>(List.of(
                SHELL,
                "-c",
                "stty cols %d rows %d 2>/dev/null; exec \"$@\"".formatted(size.columns(), size.lines()),
                "sh"));
        line.addAll(ofImage ? listOf(image.getEntrypoint()) : spec.entrypoint());
        List<String> cmd = ofImage && spec.cmd().isEmpty() ? listOf(image.getCmd()) : spec.cmd();
        return spec.toBuilder().entrypoint(line).cmd(cmd).build();
    }

    private static List<String> listOf(String @org.jspecify.annotations.Nullable [] words) {
        return words == null ? List.of() : List.of(words);
    }

    /** Whether a container that was made has a shell. */
    static boolean hasShell(Engine engine, String container) throws IOException {
        try (var file = engine.ask(
                client -> client.copyArchiveFromContainerCmd(container, SHELL).exec())) {
            return file.read() >= 0;
        } catch (NotFoundException absent) {
            return false;
        }
    }
}
