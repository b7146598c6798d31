package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to the API: a request at a time, each looked at by a thread that may wait. */
final class ApiConnection extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger log = LoggerFactory.getLogger(ApiConnection.class);

    private static final String EVENT_STREAM = "text/event-stream";

    private final HostApi api;

    /** Whether a request is being answered; on the thread of the connection. */
    private boolean busy;

    private volatile @Nullable EventStream stream;

    private volatile @Nullable PullStream pull;

    ApiConnection(HostApi api) {
        this.api = api;
    }

    /** What of a request is needed to answer it, apart from the connection. */
    private record Call(
            String method,
            String uri,
            byte[] body,
            String accept,
            boolean keepAlive,
            Optional<String> authorization,
            Optional<String> origin,
            Optional<X509Certificate> certificate) {

        String path() {
            int query = uri.indexOf('?');
            return query < 0 ? uri : uri.substring(0, query);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (busy || !request.decoderResult().isSuccess()) {
            // a client that does not wait for its answers, or speaks something else
            context.close();
            return;
        }
        busy = true;
        Call call = call(context.channel(), request);
        if (call.method().equals("POST") && call.path().equals("/attach")) {
            attach(context, call);
        } else {
            execute(context.channel(), () -> answer(context.channel(), call));
        }
    }

    private static Call call(Channel channel, FullHttpRequest request) {
        return new Call(
                request.method().name(),
                request.uri(),
                ByteBufUtil.getBytes(request.content()),
                String.join(", ", request.headers().getAll(HttpHeaderNames.ACCEPT)),
                HttpUtil.isKeepAlive(request),
                Optional.ofNullable(request.headers().get(HttpHeaderNames.AUTHORIZATION)),
                Optional.ofNullable(request.headers().get(HttpHeaderNames.ORIGIN)),
                certificate(channel));
    }

    private static Optional<X509Certificate> certificate(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return Optional.empty();
        }
        try {
            Certificate[] shown = tls.engine().getSession().getPeerCertificates();
            return shown[0] instanceof X509Certificate certificate ? Optional.of(certificate) : Optional.empty();
        } catch (SSLPeerUnverifiedException none) {
            return Optional.empty();
        }
    }

    private void execute(Channel channel, Runnable step) {
        try {
            api.executor().execute(step);
        } catch (RejectedExecutionException stopped) {
            channel.close();
        }
    }

    // answering

    private void answer(Channel channel, Call call) {
        try {
            api.security().admit(call.certificate(), call.authorization(), call.origin());
        } catch (FlynnException e) {
            refuse(channel, e, call.keepAlive());
            return;
        }
        try {
            List<String> path = path(call.path());
            if (path.isEmpty()) {
                write(channel, Answer.notFound(), call.keepAlive());
            } else if (path.get(path.size() - 1).isEmpty()) {
                write(channel, redirect(call), call.keepAlive());
            } else if (call.method().equals("POST") && path.equals(ImageEndpoints.PULL)) {
                pull(channel, api.images().wanted(query(call.uri()), call.body()));
            } else if (isStream(call, path)) {
                follow(
                        channel,
                        Optional.of(path).filter(names -> names.size() == 3).map(names -> names.get(2)));
            } else {
                var unused = api.endpoints()
                        .answer(call.method(), path, query(call.uri()), call.accept(), call.body())
                        .exceptionally(failure -> failure(call, failure))
                        .thenAccept(answer -> write(channel, answer, call.keepAlive()));
            }
        } catch (RuntimeException e) {
            write(channel, failure(call, e), call.keepAlive());
        }
    }

    private static boolean isStream(Call call, List<String> path) {
        return call.accept().contains(EVENT_STREAM)
                && call.method().equals("GET")
                && path.size() >= 2
                && path.size() <= 3
                && path.get(0).equals("host")
                && path.get(1).equals("jobs");
    }

    /** The segments, decoded; a last one that is empty if the path ends with a slash; empty for what is no path. */
    private static List<String> path(String raw) {
        if (!raw.startsWith("/") || raw.length() == 1) {
            return List.of();
        }
        try {
            return Arrays.stream(raw.substring(1).split("/", -1))
                    .map(segment -> QueryStringDecoder.decodeComponent(segment.replace("+", "%2B")))
                    .toList();
        } catch (IllegalArgumentException malformed) {
            return List.of();
        }
    }

    private static Map<String, String> query(String uri) {
        Map<String, String> first = new HashMap<>();
        try {
            new QueryStringDecoder(uri).parameters().forEach((name, values) -> first.put(name, values.get(0)));
        } catch (IllegalArgumentException malformed) {
            return Map.of();
        }
        return first;
    }

    /** As the reference does it: a path is never known with a slash at its end. */
    private static Answer redirect(Call call) {
        // not two slashes: that would name another host
        String path = "/" + call.path().replaceAll("^/+|/+$", "");
        return Answer.redirect(
                call.method().equals("GET") ? 301 : 307,
                path + call.uri().substring(call.path().length()));
    }

    private Answer failure(Call call, Throwable thrown) {
        Throwable failure = thrown instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : thrown;
        if (failure instanceof FlynnException told) {
            if (told.code() == ErrorCode.UNKNOWN) {
                log.atInfo()
                        .addKeyValue("method", call.method())
                        .addKeyValue("path", call.path())
                        .addKeyValue("reason", told.getMessage())
                        .log("request failed");
            }
            return Answer.failure(told, api.json());
        }
        log.atWarn()
                .addKeyValue("method", call.method())
                .addKeyValue("path", call.path())
                .setCause(failure)
                .log("request failed");
        return Answer.failure(FlynnException.internal("a request to the host's API failed", failure), api.json());
    }

    /** Says no after a while. */
    private void refuse(Channel channel, FlynnException reason, boolean keepAlive) {
        SocketAddress peer = channel.remoteAddress();
        if (!api.strangers().mayWait(peer)) {
            channel.close();
            return;
        }
        var unused = channel.eventLoop()
                .schedule(
                        () -> {
                            api.strangers().waited(peer);
                            write(channel, Answer.failure(reason, api.json()), keepAlive);
                        },
                        Strangers.DELAY.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private void write(Channel channel, Answer answer, boolean keepAlive) {
        if (answer.stream().isPresent()) {
            execute(
                    channel,
                    () -> stream(channel, answer.contentType(), answer.stream().get()));
            return;
        }
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                Unpooled.wrappedBuffer(answer.body()));
        if (!answer.contentType().isEmpty()) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        }
        answer.headers().forEach((name, value) -> response.headers().set(name, value));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        channel.eventLoop().execute(() -> {
            busy = false;
            var written = channel.writeAndFlush(response);
            if (!keepAlive) {
                written.addListener(ChannelFutureListener.CLOSE);
            }
        });
    }

    /** The connection ends with it, so that whatever went wrong, nothing is taken for what it is not. */
    private static void stream(Channel channel, String contentType, Answer.Stream source) {
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        channel.write(head);
        try (var body = new ChunkedBody(channel)) {
            source.writeTo(body);
            body.complete();
        } catch (IOException | RuntimeException e) {
            log.atWarn()
                    .addKeyValue("peer", channel.remoteAddress())
                    .setCause(e)
                    .log("what was being sent is not complete");
        }
        channel.close();
    }

    // following

    private void follow(Channel channel, Optional<String> job) {
        var opened = new EventStream(channel, job);
        Subscription source = api.events().listen(opened);
        stream = opened;
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        head.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
        channel.eventLoop().execute(() -> {
            channel.writeAndFlush(head);
            opened.begin(source, api.keepAlive());
            if (!channel.isActive()) {
                leave(opened);
            }
        });
    }

    /** On this thread, which may wait. */
    private void pull(Channel channel, List<String> uris) {
        var opened = new PullStream(channel, api.json());
        pull = opened;
        if (channel.isActive()) {
            opened.run(api.images().images(), uris);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        PullStream pulling = pull;
        if (pulling != null) {
            pulling.close();
        }
        EventStream open = stream;
        if (open != null) {
            leave(open);
        }
        context.fireChannelInactive();
    }

    private void leave(EventStream open) {
        try {
            api.executor().execute(open::close);
        } catch (RejectedExecutionException stopped) {
            // all streams end with the API
        }
    }

    // attaching

    /** From here on the connection carries what the attach protocol says, also what the client sent too early. */
    private void attach(ChannelHandlerContext context, Call call) {
        Channel channel = context.channel();
        channel.config().setAutoRead(false);
        var raw = new AttachChannel(channel, api.executor());
        channel.pipeline().addLast(raw);
        channel.pipeline().remove(IdleStateHandler.class);
        channel.pipeline().remove(BodyLimit.class);
        channel.pipeline().remove(HttpServerCodec.class);
        channel.pipeline().remove(this);
        execute(channel, () -> switchProtocol(channel, raw, call));
    }

    private void switchProtocol(Channel channel, AttachChannel raw, Call call) {
        AttachRequest request;
        try {
            api.security().admit(call.certificate(), call.authorization(), call.origin());
        } catch (FlynnException e) {
            refuseRaw(channel, e);
            return;
        }
        try {
            request = Requests.read(api.json(), call.body(), AttachRequest.class);
        } catch (FlynnException e) {
            if (!(e.getCause() instanceof JsonProcessingException)) {
                log.atDebug().setCause(e).log("request to attach");
            }
            writeRaw(channel, Answer.text(400, "invalid JSON"));
            return;
        }
        raw.send(("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: " + AttachFrames.PROTOCOL
                        + "\r\n\r\n")
                .getBytes(US_ASCII));
        raw.begin(client -> new Attaching(request, api.jobs(), api.host(), api.logs(), api.executor(), client));
    }

    private void refuseRaw(Channel channel, FlynnException reason) {
        SocketAddress peer = channel.remoteAddress();
        if (!api.strangers().mayWait(peer)) {
            channel.close();
            return;
        }
        var unused = channel.eventLoop()
                .schedule(
                        () -> {
                            api.strangers().waited(peer);
                            writeRaw(channel, Answer.failure(reason, api.json()));
                        },
                        Strangers.DELAY.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private static void writeRaw(Channel channel, Answer answer) {
        var head = new StringBuilder("HTTP/1.1 ")
                .append(HttpResponseStatus.valueOf(answer.status()))
                .append("\r\nConnection: close\r\nContent-Type: ")
                .append(answer.contentType())
                .append("\r\nContent-Length: ")
                .append(answer.body().length)
                .append("\r\n");
        answer.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        head.append("\r\n");
        channel.writeAndFlush(Unpooled.wrappedBuffer(head.toString().getBytes(US_ASCII), answer.body()))
                .addListener(ChannelFutureListener.CLOSE);
    }

    // what else happens

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof IdleStateEvent && !busy) {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        log.atDebug()
                .addKeyValue("peer", context.channel().remoteAddress())
                .setCause(cause)
                .log("connection failed");
        context.close();
    }
}
