package dev.flynn.router;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A request or response as a test sees it on the wire. */
record HttpMessage(String startLine, List<String> fields, byte[] body) {

    /** Reads a head, and no body. */
    static HttpMessage readHead(InputStream in) throws IOException {
        String startLine = readLine(in);
        List<String> fields = new ArrayList<>();
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            fields.add(line);
        }
        return new HttpMessage(startLine, List.copyOf(fields), new byte[0]);
    }

    /** Reads the body that the head announces; without any announcement there is none. */
    HttpMessage withBody(InputStream in) throws IOException {
        return new HttpMessage(startLine, fields, readBody(in));
    }

    int status() {
        return Integer.parseInt(startLine.split(" ")[1]);
    }

    String target() {
        return startLine.split(" ")[1];
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** All values of a field, in order. */
    List<String> all(String name) {
        String prefix = name.toLowerCase(java.util.Locale.ROOT) + ":";
        return fields.stream()
                .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(prefix))
                .map(line -> line.substring(prefix.length()).strip())
                .toList();
    }

    Optional<String> field(String name) {
        return all(name).stream().findFirst();
    }

    static String readLine(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended after: " + line);
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    static byte[] readExactly(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the connection ended after " + bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }

    /** One chunk's data; empty after the last one. */
    static byte[] readChunk(InputStream in) throws IOException {
        int size = Integer.parseInt(readLine(in).strip(), 16);
        byte[] data = readExactly(in, size);
        readLine(in);
        return data;
    }

    private byte[] readBody(InputStream in) throws IOException {
        if (field("Transfer-Encoding").isPresent()) {
            var body = new ByteArrayOutputStream();
            for (byte[] chunk = readChunk(in); chunk.length > 0; chunk = readChunk(in)) {
                body.writeBytes(chunk);
            }
            return body.toByteArray();
        }
        Optional<String> length = field("Content-Length");
        if (length.isPresent()) {
            return readExactly(in, Integer.parseInt(length.get()));
        }
        return startLine.startsWith("HTTP/") ? in.readAllBytes() : new byte[0];
    }
}
