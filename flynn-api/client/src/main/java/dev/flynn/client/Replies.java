package dev.flynn.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import java.io.IOException;

/** What replies other than 200 mean (contract: CLI, Talking to the controller). */
final class Replies {

    static final String NOT_FOUND = "controller: resource not found";

    private Replies() {}

    static FlynnException failure(String method, String url, HttpReply reply, FlynnJson json) throws IOException {
        if (reply.isJson()) {
            ErrorBody body = json.read(reply.text(), ErrorBody.class);
            ErrorCode code = ErrorCode.ofWireName(body.code());
            String message = body.code() + ": " + body.message();
            return body.retry() ? FlynnException.unavailable(message, null) : new FlynnException(code, message);
        }
        if (reply.status() == 404) {
            return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, NOT_FOUND);
        }
        if (reply.status() == 401) {
            return new FlynnException(ErrorCode.UNAUTHORIZED, unexpected(method, url, 401) + ": the key is wrong");
        }
        return new FlynnException(
                reply.status() >= 502 ? ErrorCode.SERVICE_UNAVAILABLE : ErrorCode.UNKNOWN,
                unexpected(method, url, reply.status()));
    }

    private static String unexpected(String method, String url, int status) {
        return "%s %s: httpclient: raw req: unexpected status %d".formatted(method, url, status);
    }

    /** Whether a failure is the empty 404 that stands for an object which does not exist. */
    static boolean isMissing(FlynnException failure) {
        return NOT_FOUND.equals(failure.getMessage());
    }
}
