package dev.flynn.containers.oci;

import dev.flynn.api.host.TerminalSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What conmon is told through its pipe {@code ctl}. */
final class Control {

    static final String NEW_LOG = "2 0 0\n";

    private Control() {}

    static String resize(TerminalSize size) {
        return "1 %d %d\n".formatted(size.lines(), size.columns());
    }

    /** Opened for both directions, a pipe never blocks; who does not listen any more is not told. */
    static void send(Path control, String message) throws IOException {
        if (!Files.exists(control)) {
            return;
        }
        try (FileChannel pipe = FileChannel.open(control, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            pipe.write(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
        }
    }
}
