package dev.flynn.tck.wire;

import java.nio.charset.StandardCharsets;

/** What was answered: all of it. */
record Response(int status, Headers headers, byte[] body) {

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    String contentType() {
        return headers.first("Content-Type").orElse("");
    }
}
