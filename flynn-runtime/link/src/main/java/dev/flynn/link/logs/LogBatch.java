package dev.flynn.link.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Lines in a row.
 *
 * @param sender a number that the sender drew at its start
 * @param first number of the first line; the others follow it
 */
record LogBatch(long sender, long first, List<Line> lines) {

    static final String SERVICE = "logs";
    static final String APPEND = "append";

    private static final int MAX_LINES = 100_000;

    LogBatch {
        lines = List.copyOf(lines);
    }

    /** A line of an app. */
    record Line(AppId app, LogMessage message) {

        /** About what it takes in memory. */
        int weight() {
            return 200 + 2 * message.message().length();
        }
    }

    byte[] toBytes() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(sender);
            out.writeLong(first);
            out.writeInt(lines.size());
            for (Line line : lines) {
                LogMessage message = line.message();
                write(out, line.app().toString());
                write(out, message.hostId());
                write(out, message.jobId());
                write(out, message.message());
                out.writeBoolean(message.processType().isPresent());
                write(out, message.processType().orElse(""));
                write(out, message.stream());
                out.writeLong(message.timestamp().getEpochSecond());
                out.writeInt(message.timestamp().getNano());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static LogBatch of(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            long sender = in.readLong();
            long first = in.readLong();
            int count = in.readInt();
            if (count < 0 || count > MAX_LINES) {
                throw FlynnException.invalid("a batch of " + Integer.toUnsignedString(count) + " lines of logs");
            }
            List<Line> lines = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                AppId app = AppId.of(read(in));
                String host = read(in);
                String job = read(in);
                String text = read(in);
                boolean typed = in.readBoolean();
                String type = read(in);
                String stream = read(in);
                Instant at = Instant.ofEpochSecond(in.readLong(), in.readInt());
                lines.add(new Line(
                        app,
                        new LogMessage(host, job, text, typed ? Optional.of(type) : Optional.empty(), stream, at)));
            }
            return new LogBatch(sender, first, lines);
        } catch (IOException | DateTimeException e) {
            throw FlynnException.invalid("a batch of lines of logs is damaged");
        }
    }

    private static String read(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a text is longer than its batch");
        }
        return new String(in.readNBytes(length), UTF_8);
    }
}
