package dev.flynn.router.api;

import dev.flynn.api.error.FlynnException;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client of the API; its requests are answered one after the other. */
final class ApiConnection extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger log = LoggerFactory.getLogger(ApiConnection.class);

    private final ApiEndpoints endpoints;
    private final RouterEvents events;
    private final Executor workers;
    private final int maxWaitingBytes;
    private final String status;
    private @Nullable EventClient following;

    /**
     * @param workers answer what may wait for the store
     * @param maxWaitingBytes of events for a client that does not read them
     * @param status the body that tells that the router is well
     */
    ApiConnection(ApiEndpoints endpoints, RouterEvents events, Executor workers, int maxWaitingBytes, String status) {
        this.endpoints = endpoints;
        this.events = events;
        this.workers = workers;
        this.maxWaitingBytes = maxWaitingBytes;
        this.status = status;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest message) {
        boolean isFollowing = following != null;
        if (isFollowing || !message.decoderResult().isSuccess()) {
            ctx.close();
            return;
        }
        ApiRequest request;
        try {
            request = ApiRequest.of(message);
        } catch (IllegalArgumentException notDecodable) {
            send(ctx, ApiAnswer.empty(400), false, false);
            return;
        }
        boolean headOnly = request.method().equals("HEAD");
        if (request.path().equals("/.well-known/status")) {
            send(ctx, ApiAnswer.text(ApiAnswer.JSON, status), headOnly, request.keepAlive());
            return;
        }
        ctx.channel().config().setAutoRead(false);
        try {
            workers.execute(() -> work(ctx, request));
        } catch (RejectedExecutionException full) {
            answer(ctx, request, endpoints.failure(FlynnException.unavailable("too many requests at a time", full)));
        }
    }

    private void work(ChannelHandlerContext ctx, ApiRequest request) {
        if (request.is("GET", "/events")) {
            try {
                endpoints.requireKey(request);
                follow(ctx, types(request.parameters().get("types")));
            } catch (FlynnException e) {
                answer(ctx, request, endpoints.failure(e));
            }
        } else {
            answer(ctx, request, endpoints.answer(request));
        }
    }

    private void follow(ChannelHandlerContext ctx, Set<String> types) {
        ctx.executor().execute(() -> {
            var client = new EventClient(ctx, types, maxWaitingBytes);
            following = client;
            client.open();
            ctx.channel().config().setAutoRead(true);
            events.follow(client);
            if (!ctx.channel().isActive()) {
                events.leave(client);
            }
        });
    }

    /** @throws FlynnException {@code VALIDATION} naming a type that there is not */
    private static Set<String> types(@Nullable List<String> values) {
        if (values == null) {
            return RouterEvents.ROUTES;
        }
        Set<String> wanted = new HashSet<>();
        for (String value : values) {
            wanted.addAll(Arrays.asList(value.split(",", -1)));
        }
        for (String type : wanted) {
            if (!RouterEvents.ALL.contains(type)) {
                throw FlynnException.invalidField(
                        "types",
                        "must be a list of %s, with commas between them; was \"%s\""
                                .formatted(String.join(", ", new TreeSet<>(RouterEvents.ALL)), type));
            }
        }
        return wanted;
    }

    private static void answer(ChannelHandlerContext ctx, ApiRequest request, ApiAnswer answer) {
        ctx.executor().execute(() -> {
            send(ctx, answer, request.method().equals("HEAD"), request.keepAlive());
            ctx.channel().config().setAutoRead(true);
        });
    }

    private static void send(ChannelHandlerContext ctx, ApiAnswer answer, boolean headOnly, boolean keepAlive) {
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body()));
        if (!answer.contentType().isEmpty()) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        }
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        answer.fields().forEach(response.headers()::set);
        if (keepAlive) {
            ctx.writeAndFlush(response);
        } else {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (following != null) {
            events.leave(following);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.atDebug().setCause(cause).log("connection to the router's API failed");
        ctx.close();
    }
}
