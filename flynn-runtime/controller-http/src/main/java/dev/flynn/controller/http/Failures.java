package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.route.Refused;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns failures into answers (contract: controller, Errors): a missing object is an empty 404, the rest are error objects. */
final class Failures implements ExceptionMapper<Throwable> {

    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    /** For who asks while the controller ends, and may ask again elsewhere. */
    static final Answer CLOSING = new Answer(
            ErrorCode.SERVICE_UNAVAILABLE.httpStatus(),
            Optional.of(new ErrorBody(
                    ErrorCode.SERVICE_UNAVAILABLE.wireName(),
                    "the controller is shutting down; ask again",
                    null,
                    true)));

    private final FlynnJson json;

    Failures(FlynnJson json) {
        this.json = json;
    }

    /**
     * What a client is told.
     *
     * @param body absent for a missing object
     */
    record Answer(int status, Optional<ErrorBody> body) {}

    @Override
    public Response toResponse(Throwable failure) {
        if (failure instanceof WebApplicationException web) {
            return web.getResponse();
        }
        Answer answer = answer(failure);
        Response.ResponseBuilder response = Response.status(answer.status());
        return answer.body()
                .map(body -> response.entity(body).type(MediaType.APPLICATION_JSON))
                .orElse(response)
                .build();
    }

    /** The body of an answer. */
    byte[] bytes(Answer answer) {
        return answer.body().map(json::writeBytes).orElse(new byte[0]);
    }

    Answer answer(Throwable failure) {
        if (failure instanceof Refused refused) {
            ErrorBody body = ErrorBody.of(refused.failure(), json);
            return new Answer(
                    refused.failure().code().httpStatus(),
                    Optional.of(
                            new ErrorBody(body.code(), body.message(), json.toTree(refused.detail()), body.retry())));
        }
        if (failure instanceof OutsideFailure outside) {
            log.atWarn().addKeyValue("reason", outside.getMessage()).log("request failed outside");
            return internal(json.toTree(Map.of("reason", String.valueOf(outside.getMessage()))), outside.retry());
        }
        if (failure instanceof FlynnException known) {
            return switch (known.code()) {
                case OBJECT_NOT_FOUND -> new Answer(404, Optional.empty());
                case SERVICE_UNAVAILABLE, COMPACTED -> internal(known, true);
                case UNKNOWN -> internal(known, known.retry());
                default -> new Answer(known.code().httpStatus(), Optional.of(ErrorBody.of(known, json)));
            };
        }
        return internal(failure, false);
    }

    private static Answer internal(Throwable failure, boolean retry) {
        log.atError().setCause(failure).addKeyValue("retry", retry).log("request failed");
        return internal((JsonNode) null, retry);
    }

    private static Answer internal(@Nullable JsonNode detail, boolean retry) {
        return new Answer(
                ErrorCode.UNKNOWN.httpStatus(),
                Optional.of(
                        new ErrorBody(ErrorCode.UNKNOWN.wireName(), ErrorBody.SOMETHING_WENT_WRONG, detail, retry)));
    }
}
