package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A request or a response as it came over the wire. */
record HttpMessage(String startLine, List<String> fields, byte[] body) {

    private static final int MAX_LINE = 1 << 16;

    /** Reads a head, and no body. */
    static HttpMessage readHead(InputStream in) throws IOException {
        String startLine = readLine(in);
        List<String> fields = new ArrayList<>();
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            fields.add(line);
        }
        return new HttpMessage(startLine, List.copyOf(fields), new byte[0]);
    }

    /** With the body that the head announces; a request that announces none has none. */
    HttpMessage withBody(InputStream in) throws IOException {
        return new HttpMessage(startLine, fields, readBody(in));
    }

    String method() {
        return startLine.split(" ")[0];
    }

    String target() {
        return startLine.split(" ")[1];
    }

    int status() {
        return Integer.parseInt(startLine.split(" ")[1]);
    }

    String text() {
        return new String(body, UTF_8);
    }

    /** All values of a field, in order. */
    List<String> all(String name) {
        String prefix = name.toLowerCase(Locale.ROOT) + ":";
        return fields.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                .map(line -> line.substring(prefix.length()).strip())
                .toList();
    }

    Optional<String> field(String name) {
        return all(name).stream().findFirst();
    }

    static byte[] readExactly(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the connection ended after %d of %d bytes".formatted(bytes.length, length));
        }
        return bytes;
    }

    /** The data of one chunk; empty after the last one. */
    static byte[] readChunk(InputStream in) throws IOException {
        int size = Integer.parseInt(readLine(in).replaceFirst(";.*", "").strip(), 16);
        byte[] data = readExactly(in, size);
        readLine(in);
        return data;
    }

    private byte[] readBody(InputStream in) throws IOException {
        boolean response = startLine.startsWith("HTTP/");
        if (response && (status() == 204 || status() == 304)) {
            return new byte[0];
        }
        if (field("Transfer-Encoding").isPresent()) {
            var chunks = new ByteArrayOutputStream();
            for (byte[] chunk = readChunk(in); chunk.length > 0; chunk = readChunk(in)) {
                chunks.writeBytes(chunk);
            }
            return chunks.toByteArray();
        }
        Optional<String> length = field("Content-Length");
        if (length.isPresent()) {
            return readExactly(in, Integer.parseInt(length.get()));
        }
        return response ? in.readAllBytes() : new byte[0];
    }

    private static String readLine(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0 || line.size() > MAX_LINE) {
                throw new EOFException("the connection ended after: " + line);
            }
            line.write(b);
        }
        String text = line.toString(ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
