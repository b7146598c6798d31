package dev.flynn.link.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.logs.LocalAggregators.Opened;
import dev.flynn.logs.LogChunk;
import dev.flynn.logs.LogPosition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What hosts tell each other about lines of logs. */
final class LogMessages {

    static final String SERVICE = "logs";

    /** Asks how far the lines of whoever calls are there. */
    static final String OPEN = "open";

    static final String APPEND = "append";

    private static final int MAX_APPS = 1_000_000;

    /** Lines that go to the aggregators that were there when a host asked. */
    record Append(long generation, List<LogChunk> chunks) {}

    private LogMessages() {}

    static byte[] opened(Opened opened) {
        return bytes(out -> {
            out.writeLong(opened.generation());
            out.writeInt(opened.positions().size());
            for (Map.Entry<AppId, LogPosition> app : opened.positions().entrySet()) {
                write(out, app.getKey().toString());
                write(out, app.getValue());
            }
        });
    }

    static Opened opened(byte[] bytes) {
        return read(bytes, in -> {
            long generation = in.readLong();
            Map<AppId, LogPosition> positions = new HashMap<>();
            for (int left = count(in); left > 0; left--) {
                positions.put(AppId.of(text(in)), position(in));
            }
            return new Opened(generation, positions);
        });
    }

    static byte[] append(Append append) {
        return bytes(out -> {
            out.writeLong(append.generation());
            out.writeInt(append.chunks().size());
            for (LogChunk chunk : append.chunks()) {
                write(out, chunk.app().toString());
                write(out, chunk.end());
                out.writeInt(chunk.frames().length);
                out.write(chunk.frames());
            }
        });
    }

    static Append append(byte[] bytes) {
        return read(bytes, in -> {
            long generation = in.readLong();
            List<LogChunk> chunks = new ArrayList<>();
            for (int left = count(in); left > 0; left--) {
                AppId app = AppId.of(text(in));
                LogPosition end = position(in);
                chunks.add(new LogChunk(app, block(in), end));
            }
            return new Append(generation, chunks);
        });
    }

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private interface Reading<T> {
        T from(DataInputStream in) throws IOException;
    }

    private static byte[] bytes(Writing content) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            content.to(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static <T> T read(byte[] bytes, Reading<T> content) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            return content.from(in);
        } catch (IOException e) {
            throw FlynnException.invalid("a message about lines of logs is damaged");
        }
    }

    private static void write(DataOutputStream out, LogPosition position) throws IOException {
        write(out, position.segment());
        out.writeLong(position.offset());
    }

    private static LogPosition position(DataInputStream in) throws IOException {
        return new LogPosition(text(in), in.readLong());
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(block(in), UTF_8);
    }

    private static byte[] block(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a part is longer than its message");
        }
        return in.readNBytes(length);
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MAX_APPS) {
            throw new IOException("a message has too many parts");
        }
        return count;
    }
}
