package dev.flynn.api.error;

import org.apiguardian.api.API;

/**
 * Every failure a caller can meet. The wire name is part of the HTTP API and never changes.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum ErrorCode {
    NOT_FOUND("not_found", 404, ErrorType.USER),
    OBJECT_NOT_FOUND("object_not_found", 404, ErrorType.USER),
    OBJECT_EXISTS("object_exists", 409, ErrorType.USER),
    CONFLICT("conflict", 409, ErrorType.USER),
    PRECONDITION_FAILED("precondition_failed", 412, ErrorType.USER),
    SYNTAX("syntax_error", 400, ErrorType.USER),
    VALIDATION("validation_error", 400, ErrorType.USER),
    REQUEST_BODY_TOO_BIG("request_body_too_big", 400, ErrorType.USER),
    UNAUTHORIZED("unauthorized", 401, ErrorType.USER),
    /** The key is known and may not be used for this. On the wire it differs from {@link #UNAUTHORIZED} by its status alone. */
    FORBIDDEN("unauthorized", 403, ErrorType.USER),
    RATE_LIMITED("ratelimited", 429, ErrorType.RESOURCES),
    UNSUPPORTED("unsupported", 501, ErrorType.USER),
    NO_CAPACITY("no_capacity", 503, ErrorType.RESOURCES),
    SERVICE_UNAVAILABLE("service_unavailable", 503, ErrorType.EXTERNAL),
    /** A watch asked for changes that the store no longer keeps; list again and watch from there. */
    COMPACTED("compacted", 410, ErrorType.USER),
    UNKNOWN("unknown_error", 500, ErrorType.INTERNAL);

    private final String wireName;
    private final int httpStatus;
    private final ErrorType type;

    ErrorCode(String wireName, int httpStatus, ErrorType type) {
        this.wireName = wireName;
        this.httpStatus = httpStatus;
        this.type = type;
    }

    /** The name in JSON, such as {@code validation_error}. */
    public String wireName() {
        return wireName;
    }

    /** The status that an HTTP API answers with. */
    public int httpStatus() {
        return httpStatus;
    }

    public ErrorType type() {
        return type;
    }

    /** The code of that wire name; an unknown name is {@link #UNKNOWN}. */
    public static ErrorCode ofWireName(String wireName) {
        for (ErrorCode code : values()) {
            if (code.wireName.equals(wireName)) {
                return code;
            }
        }
        return UNKNOWN;
    }
}
