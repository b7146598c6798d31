package dev.flynn.api.error;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * The one exception that crosses the API and SPI boundary.
 *
 * <p>Callers branch on {@link #code()}; people read the message, which names the thing and the way out.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class FlynnException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final @Nullable String field;
    private final boolean retry;

    private FlynnException(
            ErrorCode code, String message, @Nullable String field, boolean retry, @Nullable Throwable cause) {
        super(requireNonNull(message, "message"), cause);
        this.code = requireNonNull(code, "code");
        this.field = field;
        this.retry = retry;
    }

    public FlynnException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, null, code.type() == ErrorType.EXTERNAL, cause);
    }

    public FlynnException(ErrorCode code, String message) {
        this(code, message, null);
    }

    /** An object that does not exist: {@code app "ledger" does not exist}. */
    public static FlynnException notFound(String kind, Object id) {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "%s \"%s\" does not exist".formatted(kind, id));
    }

    /** A request that breaks a rule which is not about one field. */
    public static FlynnException invalid(String message) {
        return new FlynnException(ErrorCode.VALIDATION, message);
    }

    /** A request that breaks a rule; the message becomes {@code <field> <problem>}. */
    public static FlynnException invalidField(String field, String problem) {
        return new FlynnException(ErrorCode.VALIDATION, field + " " + problem, field, false, null);
    }

    public static FlynnException exists(String message) {
        return new FlynnException(ErrorCode.OBJECT_EXISTS, message);
    }

    public static FlynnException conflict(String message) {
        return new FlynnException(ErrorCode.CONFLICT, message);
    }

    /** A request that its key may not be used for; the message says which one could. */
    public static FlynnException forbidden(String message) {
        return new FlynnException(ErrorCode.FORBIDDEN, message);
    }

    /** An optional ability that this implementation does not declare. */
    public static FlynnException unsupported(String what) {
        return new FlynnException(ErrorCode.UNSUPPORTED, what + " is not supported here");
    }

    /** Something is not reachable or not ready now; the same request may succeed later. */
    public static FlynnException unavailable(String message, @Nullable Throwable cause) {
        return new FlynnException(ErrorCode.SERVICE_UNAVAILABLE, message, null, true, cause);
    }

    public static FlynnException internal(String message, @Nullable Throwable cause) {
        return new FlynnException(ErrorCode.UNKNOWN, message, null, false, cause);
    }

    public ErrorCode code() {
        return code;
    }

    /** What went wrong and what to do, never null. */
    @Override
    public String getMessage() {
        return requireNonNull(super.getMessage());
    }

    /** The field that the failure is about, for validation failures of one field. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }

    /** Whether the same request may succeed when it is sent again. */
    public boolean retry() {
        return retry;
    }
}
