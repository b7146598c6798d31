package dev.flynn.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads the items of a {@code text/event-stream} (contract: controller, Streams). Not thread-safe. */
final class ServerSentEvents {

    private final InputStream in;

    ServerSentEvents(InputStream in) {
        this.in = in;
    }

    /**
     * Waits for the next item.
     *
     * @return its data; empty at the end of the stream
     * @throws FlynnException what an {@code error} item says
     */
    Optional<String> next() throws IOException {
        var data = new StringBuilder();
        boolean error = false;
        while (true) {
            String line;
            try {
                line = readLine();
            } catch (EOFException end) {
                return Optional.empty();
            }
            if (line.startsWith("data:")) {
                data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
            } else if (line.startsWith("event:")) {
                error = line.substring(6).strip().equals("error");
            } else if (line.isEmpty() && error) {
                throw new FlynnException(ErrorCode.SERVICE_UNAVAILABLE, data.toString());
            } else if (line.isEmpty() && data.length() > 0) {
                return Optional.of(data.toString());
            }
        }
    }

    private String readLine() throws IOException {
        var line = new ByteArrayOutputStream(256);
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException();
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
