package dev.flynn.controller.http;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/** Answers that endpoints have in common: every success is exactly 200 (contract: controller, Responses). */
final class Answers {

    static final int OK = 200;

    static final String TEXT = "text/plain; charset=utf-8";

    private Answers() {}

    static Response empty() {
        return Response.ok().type(TEXT).build();
    }

    static Response json(Object value) {
        return Response.ok(value, MediaType.APPLICATION_JSON_TYPE).build();
    }
}
