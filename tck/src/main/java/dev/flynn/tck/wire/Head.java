package dev.flynn.tck.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The part of an HTTP/1.1 message before its body. */
record Head(String startLine, Headers headers) {

    private static final int LIMIT = 64 * 1024;

    static Head read(InputStream in) throws IOException {
        String startLine = line(in);
        List<Headers.Field> fields = new ArrayList<>();
        while (true) {
            String line = line(in);
            if (line.isEmpty()) {
                return new Head(startLine, new Headers(fields));
            }
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("no header field: \"" + line + "\"");
            }
            fields.add(new Headers.Field(
                    line.substring(0, colon), line.substring(colon + 1).strip()));
        }
    }

    static String line(InputStream in) throws IOException {
        var text = new StringBuilder();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new EOFException("the connection ended within the head of an answer");
            }
            if (text.length() > LIMIT) {
                throw new IOException("a line of the head is longer than 64 KiB");
            }
            text.append((char) octet);
        }
        int length = text.length();
        return length > 0 && text.charAt(length - 1) == '\r' ? text.substring(0, length - 1) : text.toString();
    }

    int status() throws IOException {
        String[] words = startLine.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("\\d{3}")) {
            throw new IOException("no HTTP/1.1 answer: \"" + startLine + "\"");
        }
        return Integer.parseInt(words[1]);
    }

    /** The stream of the body, decoded, for an answer to that method. */
    InputStream body(InputStream in, String method) throws IOException {
        int status = status();
        if (method.equals("HEAD") || status == 204 || status == 304) {
            return InputStream.nullInputStream();
        }
        if (headers.first("Transfer-Encoding")
                .orElse("")
                .toLowerCase(Locale.ROOT)
                .contains("chunked")) {
            return new ChunkedStream(in);
        }
        var length = headers.first("Content-Length");
        return length.isPresent() ? new FixedStream(in, Long.parseLong(length.get())) : in;
    }

    byte[] bytes() {
        var text = new StringBuilder(startLine).append("\r\n");
        headers.fields()
                .forEach(field -> text.append(field.name())
                        .append(": ")
                        .append(field.value())
                        .append("\r\n"));
        return text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
