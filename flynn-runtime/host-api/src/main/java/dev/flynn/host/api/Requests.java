package dev.flynn.host.api;

import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.nio.charset.StandardCharsets;

/** Reading the bodies of requests (contract: layer 0, Error envelope). */
final class Requests {

    private Requests() {}

    /**
     * @throws FlynnException {@code SYNTAX} for what is no JSON or of a wrong type; {@code UNKNOWN}, as clients know it, for a
     *     body that ends too early or is empty
     */
    static <T> T read(FlynnJson json, byte[] body, Class<T> type) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            throw FlynnException.internal("the request has no body", null);
        }
        try {
            T value = json.read(text, type);
            if (value == null) {
                throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
            }
            return value;
        } catch (FlynnException e) {
            if (endsTooEarly(e)) {
                throw FlynnException.internal("the request's body ends too early", e);
            }
            throw e;
        }
    }

    private static boolean endsTooEarly(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof JsonEOFException) {
                return true;
            }
        }
        return false;
    }
}
