package dev.flynn.host.api;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.concurrent.TimeUnit;

/** Waits for a request's whole body, which has a limit. */
final class BodyLimit extends HttpObjectAggregator {

    static final int MAX_BYTES = 1 << 20;

    /** How long a client whose body is too big may take to see the answer. */
    private static final int LINGER_SECONDS = 2;

    private final FlynnJson json;

    BodyLimit(FlynnJson json) {
        super(MAX_BYTES);
        this.json = json;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        Answer answer = Answer.failure(
                new FlynnException(
                        ErrorCode.REQUEST_BODY_TOO_BIG,
                        "the body of a request has at most %d bytes".formatted(MAX_BYTES)),
                json);
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                Unpooled.wrappedBuffer(answer.body()));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        // what still comes of the body is dropped meanwhile: closing with unread input would take the answer from the
        // client
        context.writeAndFlush(response).addListener(sent -> {
            var unused = context.executor().schedule(() -> context.close(), LINGER_SECONDS, TimeUnit.SECONDS);
        });
    }
}
