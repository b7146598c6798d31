package dev.flynn.tck.wire;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What is asked.
 *
 * @param target path and query, as they are on the request line
 */
record Request(String method, String target, Headers headers, Optional<String> body) {

    static Request of(String method, String target) {
        return new Request(method, target, Headers.none(), Optional.empty());
    }

    Request with(String name, String value) {
        return new Request(method, target, headers.with(name, value), body);
    }

    Request without(String name) {
        return new Request(method, target, headers.without(name), body);
    }

    Request body(String text) {
        return new Request(method, target, headers, Optional.of(text));
    }

    byte[] bodyBytes() {
        return body.orElse("").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return method + " " + target;
    }
}
