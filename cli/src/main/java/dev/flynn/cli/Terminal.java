package dev.flynn.cli;

import dev.flynn.api.host.TerminalSize;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The terminal that the user sits at, changed through stty(1), because the JDK itself knows nothing of terminals. */
final class Terminal {

    private static final File DEVICE = new File("/dev/tty");

    TerminalSize size() {
        try {
            String[] words = stty("size").strip().split(" ", -1);
            return new TerminalSize(Integer.parseInt(words[1]), Integer.parseInt(words[0]));
        } catch (IOException | RuntimeException unknown) {
            return TerminalSize.DEFAULT;
        }
    }

    /**
     * Hands every key to the program as it is, Ctrl-C too, until what is returned is closed; the terminal is itself
     * again however the program ends, kill -9 excepted.
     */
    Raw raw() {
        return changed("raw", "-echo");
    }

    /** Shows nothing of what is typed, until what is returned is closed. */
    Raw silent() {
        return changed("-echo");
    }

    private static Raw changed(String... settings) {
        try {
            String before = stty("-g").strip();
            var raw = new Raw(before);
            Runtime.getRuntime().addShutdownHook(new Thread(raw::close, "flynn-terminal"));
            stty(settings);
            return raw;
        } catch (IOException e) {
            throw new CliException("cannot use the terminal: " + e.getMessage(), e);
        }
    }

    private static String stty(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectInput(DEVICE)
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(text.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return text;
    }

    /** A terminal that is not itself. */
    static final class Raw implements AutoCloseable {

        private final String before;
        private boolean restored;

        private Raw(String before) {
            this.before = before;
        }

        @Override
        public synchronized void close() {
            if (restored) {
                return;
            }
            restored = true;
            try {
                stty(before);
            } catch (IOException e) {
                // the terminal is gone
            }
        }
    }
}
