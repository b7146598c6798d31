package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;

/**
 * What a request is answered with.
 *
 * @param body in one piece
 * @param stream writes a body instead, while it is sent
 */
record Answer(int status, String contentType, byte[] body, Map<String, String> headers, Optional<Stream> stream) {

    /** Writes a body; may wait. What fails ends the connection, so that nobody takes the part for the whole. */
    @FunctionalInterface
    interface Stream {
        void writeTo(OutputStream out) throws IOException;
    }

    Answer(int status, String contentType, byte[] body, Map<String, String> headers) {
        this(status, contentType, body, headers, Optional.empty());
    }

    static Answer stream(String contentType, Stream body) {
        return new Answer(200, contentType, new byte[0], Map.of(), Optional.of(body));
    }

    private static final String JSON = "application/json";
    private static final String TEXT = "text/plain; charset=utf-8";

    static Answer json(byte[] body) {
        return new Answer(200, JSON, body, Map.of());
    }

    /** Done, and nothing to say. */
    static Answer empty() {
        return new Answer(200, "", new byte[0], Map.of());
    }

    static Answer text(int status, String text) {
        return new Answer(status, TEXT, text.getBytes(UTF_8), Map.of());
    }

    static Answer notFound() {
        return text(404, "404 page not found\n");
    }

    static Answer redirect(int status, String location) {
        return new Answer(status, "", new byte[0], Map.of("Location", location));
    }

    static Answer failure(FlynnException failure, FlynnJson json) {
        Map<String, String> headers = failure.code() == ErrorCode.UNAUTHORIZED
                ? Map.of("WWW-Authenticate", "Basic realm=\"flynn-host\"")
                : Map.of();
        return new Answer(failure.code().httpStatus(), JSON, json.writeBytes(ErrorBody.of(failure, json)), headers);
    }
}
