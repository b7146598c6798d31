package dev.flynn.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.util.Optional;

/** What replies other than 200 mean (contract: CLI, Talking to the controller). */
final class Replies {

    static final String NOT_FOUND = "controller: resource not found";

    private Replies() {}

    static FlynnException failure(String method, String url, HttpReply reply, FlynnJson json) throws IOException {
        if (reply.isJson()) {
            Optional<ErrorBody> body = errorBody(reply, json);
            if (body.isPresent()) {
                return failure(body.get());
            }
        }
        if (reply.status() == 404) {
            return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, NOT_FOUND);
        }
        return unexpected(reply.status(), method + " " + url + ": httpclient: raw req: unexpected status ");
    }

    /** The same for the beginning of an attached job, where a missing object is an unexpected status as well. */
    static FlynnException attachFailure(HttpReply reply, FlynnJson json) throws IOException {
        Optional<ErrorBody> body = reply.isJson() ? errorBody(reply, json) : Optional.empty();
        return body.map(Replies::failure).orElseGet(() -> unexpected(reply.status(), "httpclient: unexpected status "));
    }

    private static Optional<ErrorBody> errorBody(HttpReply reply, FlynnJson json) throws IOException {
        try {
            return Optional.of(json.read(reply.text(), ErrorBody.class))
                    .filter(body -> !body.code().isEmpty());
        } catch (FlynnException notWhatItSaysItIs) {
            return Optional.empty();
        }
    }

    private static FlynnException failure(ErrorBody body) {
        String reason =
                body.detail() == null ? "" : body.detail().path("reason").asText();
        String message = body.code() + ": " + body.message() + (reason.isEmpty() ? "" : ": " + reason);
        return body.retry()
                ? FlynnException.unavailable(message, null)
                : new FlynnException(ErrorCode.ofWireName(body.code()), message);
    }

    /** A router without a living controller answers 503, and has passed nothing on: such a request may be repeated. */
    private static FlynnException unexpected(int status, String message) {
        ErrorCode code = switch (status) {
            case 401 -> ErrorCode.UNAUTHORIZED;
            case 404 -> ErrorCode.OBJECT_NOT_FOUND;
            case 503 -> ErrorCode.SERVICE_UNAVAILABLE;
            default -> ErrorCode.UNKNOWN;
        };
        return new FlynnException(code, message + status);
    }

    /** Whether a failure is the empty 404 that stands for an object which does not exist. */
    static boolean isMissing(FlynnException failure) {
        return NOT_FOUND.equals(failure.getMessage());
    }
}
