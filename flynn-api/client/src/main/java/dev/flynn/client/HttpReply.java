package dev.flynn.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** The response of a server; its body is read from the connection as it comes. */
record HttpReply(int status, Map<String, String> headers, InputStream body, HttpConnection connection) {

    Optional<String> header(String lowerCaseName) {
        return Optional.ofNullable(headers.get(lowerCaseName));
    }

    boolean isJson() {
        return header("content-type").orElse("").startsWith("application/json");
    }

    /** Whether the connection may carry another request once the body is read. */
    boolean keepsAlive() {
        boolean framed = status == 204
                || status == 304
                || headers.containsKey("content-length")
                || headers.containsKey("transfer-encoding");
        return framed && !"close".equalsIgnoreCase(headers.get("connection"));
    }

    String text() throws IOException {
        return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
}
