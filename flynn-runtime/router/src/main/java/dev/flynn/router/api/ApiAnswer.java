package dev.flynn.router.api;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer of the API.
 *
 * @param fields of its head besides the content's type and length
 */
record ApiAnswer(int status, String contentType, byte[] body, Map<String, String> fields) {

    static final String JSON = "application/json";

    static ApiAnswer json(byte[] body) {
        return json(200, body);
    }

    static ApiAnswer json(int status, byte[] body) {
        return new ApiAnswer(status, JSON, body, Map.of());
    }

    static ApiAnswer text(String contentType, String text) {
        return new ApiAnswer(200, contentType, text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static ApiAnswer empty(int status) {
        return new ApiAnswer(status, "", new byte[0], Map.of());
    }

    ApiAnswer with(String name, String value) {
        return new ApiAnswer(status, contentType, body, Map.of(name, value));
    }
}
