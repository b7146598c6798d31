package dev.flynn.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of every failed request (contract: controller, Error object).
 *
 * @param detail any JSON, often {@code {"field": "…"}}
 * @param retry whether the same request may succeed later
 */
public record ErrorBody(
        String code,
        String message,
        @Nullable JsonNode detail,
        @JsonInclude(JsonInclude.Include.ALWAYS) boolean retry) {

    /** The message of failures whose cause is not the caller's business. */
    public static final String SOMETHING_WENT_WRONG = "Something went wrong";

    /** What callers are told of a failure; internal ones only that there was one. */
    public static ErrorBody of(FlynnException failure, FlynnJson json) {
        JsonNode detail = failure.field()
                .map(field -> json.toTree(Map.of("field", field)))
                .orElse(null);
        boolean internal = failure.code() == ErrorCode.UNKNOWN;
        return new ErrorBody(
                failure.code().wireName(),
                internal ? SOMETHING_WENT_WRONG : failure.getMessage(),
                detail,
                failure.retry());
    }
}
