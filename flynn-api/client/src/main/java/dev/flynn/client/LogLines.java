package dev.flynn.client;

import dev.flynn.api.log.LogMessage;
import dev.flynn.json.FlynnJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The lines of an app's log, one after the other. Not thread-safe. */
public final class LogLines implements AutoCloseable {

    private final HttpReply reply;
    private final FlynnJson json;
    private final BufferedReader lines;

    LogLines(HttpReply reply, FlynnJson json) {
        this.reply = reply;
        this.json = json;
        this.lines = new BufferedReader(new InputStreamReader(reply.body(), StandardCharsets.UTF_8));
    }

    /** Waits for the next line; empty at the end. */
    public Optional<LogMessage> next() throws IOException {
        String line = lines.readLine();
        while (line != null && line.isEmpty()) {
            line = lines.readLine();
        }
        return line == null ? Optional.empty() : Optional.of(json.read(line, LogMessage.class));
    }

    @Override
    public void close() {
        reply.connection().close();
    }
}
