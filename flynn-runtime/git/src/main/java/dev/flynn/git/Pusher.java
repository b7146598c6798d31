package dev.flynn.git;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Talks to whoever pushes, line by line as it happens. Each line begins with codes that erase git's own {@code remote:} on a
 * terminal (contract: layer 1, Pre-receive hook). Thread-safe.
 */
final class Pusher {

    private static final String ERASE_LINE = "\u001b[1G\u001b[K";

    private final OutputStream out;

    Pusher(OutputStream out) {
        this.out = out;
    }

    synchronized void line(String text) {
        try {
            out.write((ERASE_LINE + text + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException wentAway) {
            // the push is given up or, once its release is made, goes on; what happens then is in the app's events
        }
    }
}
