package dev.flynn.tck.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** A response, and what the contract expects of one. */
final class Answer {

    private final Request request;
    private final Response response;

    Answer(Request request, Response response) {
        this.request = request;
        this.response = response;
    }

    int status() {
        return response.status();
    }

    Response response() {
        return response;
    }

    String text() {
        return response.text();
    }

    // ---- what has to hold

    Answer is(int status) {
        Expect.that(status == response.status(), "%s: expected status %d, was %d", request, status, response.status());
        return this;
    }

    Answer ok() {
        return is(200);
    }

    Answer empty() {
        Expect.that(response.body().length == 0, "%s: expected no body, was: %s", request, response.text());
        return this;
    }

    /** An object that is not there: 404 without a body, and not said to be JSON. */
    Answer notFound() {
        is(404);
        empty();
        Expect.that(
                !response.contentType().contains("json"),
                "%s: what is missing is answered without a JSON content type, was %s",
                request,
                response.contentType());
        return this;
    }

    /** A path or method that is not there. */
    Answer unknownRoute() {
        is(404);
        Expect.same("body", "404 page not found\n", response.text());
        Expect.that(
                response.contentType().startsWith("text/plain"),
                "%s: expected text/plain, was %s",
                request,
                response.contentType());
        return this;
    }

    Answer header(String name, String value) {
        Expect.same("header " + name, value, response.headers().first(name).orElse("absent"));
        return this;
    }

    Answer withoutHeader(String name) {
        Expect.that(
                !response.headers().has(name),
                "%s: header %s must not be sent, was %s",
                request,
                name,
                response.headers().first(name).orElse(""));
        return this;
    }

    /** A body of JSON that says so. */
    JsonNode json() {
        String type = response.contentType().toLowerCase(Locale.ROOT);
        Expect.that(
                type.equals("application/json") || type.startsWith("application/json;"),
                "%s: expected Content-Type application/json, was \"%s\"",
                request,
                response.contentType());
        try {
            JsonNode node = Json.read(response.text());
            Expect.that(!node.isMissingNode(), "%s: expected a JSON body, there was none", request);
            return node;
        } catch (JsonProcessingException e) {
            throw new ContractBroken("%s: no JSON: %s".formatted(request, e.getOriginalMessage()));
        }
    }

    JsonNode object() {
        ok();
        JsonNode json = json();
        Expect.object(json);
        return json;
    }

    JsonNode list() {
        ok();
        JsonNode json = json();
        Expect.list(json);
        return json;
    }

    /** An error object with that code. */
    JsonNode error(int status, String code) {
        is(status);
        JsonNode error = json();
        Expect.object(error);
        Expect.text(error, "code", code);
        Expect.text(error, "message");
        Expect.that(
                error.path("retry").isBoolean(),
                "\"retry\" has to be true or false, was %s",
                Expect.shown(error.path("retry")));
        return error;
    }

    JsonNode invalid() {
        return error(400, "validation_error");
    }

    /** A validation error that names a field. */
    JsonNode invalid(String field) {
        JsonNode error = invalid();
        Expect.same("detail.field", field, error.path("detail").path("field").asText("absent"));
        return error;
    }

    JsonNode message(JsonNode error, String message) {
        Expect.text(error, "message", message);
        return error;
    }

    JsonNode syntaxError() {
        JsonNode error = error(400, "syntax_error");
        Expect.text(error, "message", "The provided JSON input is invalid");
        return error;
    }

    JsonNode unknownError() {
        JsonNode error = error(500, "unknown_error");
        Expect.text(error, "message", "Something went wrong");
        return error;
    }

    // ---- what is needed for something else, whatever its status

    /** The answer to a request that prepares a check: the object, whatever else is wrong with it. */
    JsonNode prepared(String what) {
        JsonNode json = Json.readLeniently(response.text());
        if (response.status() >= 300 || !json.isObject()) {
            throw new Blocked(
                    "needs %s, but %s was answered %d %s".formatted(what, request, response.status(), brief()));
        }
        return json;
    }

    JsonNode preparedList(String what) {
        JsonNode json = Json.readLeniently(response.text());
        if (response.status() >= 300 || !json.isArray()) {
            throw new Blocked(
                    "needs %s, but %s was answered %d %s".formatted(what, request, response.status(), brief()));
        }
        return json;
    }

    private String brief() {
        String text = response.text().strip();
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }
}
