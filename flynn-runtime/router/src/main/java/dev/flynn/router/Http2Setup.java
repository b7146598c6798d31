package dev.flynn.router;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How connections of HTTP/2 are set up, and what a peer may do on one. */
final class Http2Setup {

    private static final Logger log = LoggerFactory.getLogger(Http2Setup.class);

    /** Requests at a time. */
    private static final int MAX_STREAMS = 256;

    /** What may be on its way in one body before who reads it has taken some. */
    private static final int STREAM_WINDOW = 256 * 1024;

    /** What may be on its way in all bodies of a connection, beyond the 65,535 bytes that every connection begins with. */
    static final int EXTRA_CONNECTION_WINDOW = 1024 * 1024 - 65_535;

    /** Requests at a time on a connection to a backend. */
    static final int MAX_BACKEND_STREAMS = 100;

    /** Room for full windows of all streams, so that a client that does not read holds nobody else up. */
    static final int EXTRA_BACKEND_WINDOW = 32 * 1024 * 1024;

    /** Streams that a client may break off in {@link #RESET_SECONDS} (CVE-2023-44487), or make the router break off. */
    private static final int MAX_RESETS = 400;

    private static final int RESET_SECONDS = 30;

    /** Answers to PING and SETTINGS that may wait for a client that does not read them (CVE-2019-9512, -9515). */
    private static final int MAX_QUEUED_CONTROL_FRAMES = 1000;

    /** Frames that carry nothing, one after the other (CVE-2019-9518). */
    private static final int MAX_EMPTY_FRAMES = 8;

    private Http2Setup() {}

    /** A connection that shares its bandwidth evenly; nobody uses the priorities of RFC 7540 any more. */
    static Http2Connection newConnection(boolean server) {
        Http2Connection connection = new DefaultHttp2Connection(server);
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(connection, new UniformStreamByteDistributor(connection)));
        return connection;
    }

    /**
     * The handler of a client's connection.
     *
     * @param brokenRule called when the client was told of its mistake, and has to be given the time to read that
     */
    static Http2ConnectionHandler server(
            Http2Connection connection, Http2FrameListener listener, RouterConfig config, Runnable brokenRule) {
        // from the start, for clients that never acknowledge the settings
        connection.remote().maxActiveStreams(MAX_STREAMS);
        return new Builder(
                        connection,
                        listener,
                        Http2Settings.defaultSettings()
                                .maxConcurrentStreams(MAX_STREAMS)
                                .initialWindowSize(STREAM_WINDOW)
                                .maxHeaderListSize(config.maxHeadBytes())
                                .connectProtocolEnabled(true),
                        Optional.of(brokenRule))
                .build();
    }

    /** The handler of a connection to a backend. */
    static Http2ConnectionHandler client(Http2Connection connection, Http2FrameListener listener, RouterConfig config) {
        return new Builder(
                        connection,
                        listener,
                        Http2Settings.defaultSettings()
                                .pushEnabled(false)
                                .initialWindowSize(STREAM_WINDOW)
                                .maxHeaderListSize(config.maxHeadBytes()),
                        Optional.empty())
                .build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Handler, Builder> {

        private final Optional<Runnable> brokenRule;

        Builder(
                Http2Connection connection,
                Http2FrameListener listener,
                Http2Settings settings,
                Optional<Runnable> brokenRule) {
            this.brokenRule = brokenRule;
            connection(connection);
            frameListener(listener);
            initialSettings(settings);
            decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS);
            encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS);
            encoderEnforceMaxQueuedControlFrames(MAX_QUEUED_CONTROL_FRAMES);
            decoderEnforceMaxConsecutiveEmptyDataFrames(MAX_EMPTY_FRAMES);
            encoderIgnoreMaxHeaderListSize(true);
        }

        @Override
        protected Handler build() {
            return super.build();
        }

        @Override
        protected Handler build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings initialSettings) {
            return new Handler(decoder, encoder, initialSettings, brokenRule);
        }
    }

    private static final class Handler extends Http2ConnectionHandler {

        private final Optional<Runnable> brokenRule;

        Handler(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings initialSettings,
                Optional<Runnable> brokenRule) {
            super(decoder, encoder, initialSettings);
            this.brokenRule = brokenRule;
        }

        /** Closing at once would destroy what the client is told, if it still sends; who floods is not listened to any longer. */
        @Override
        protected void onConnectionError(
                ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception fault) {
            if (fault == null || fault.error() == Http2Error.ENHANCE_YOUR_CALM || brokenRule.isEmpty()) {
                super.onConnectionError(ctx, outbound, cause, fault);
                return;
            }
            // goAway(…) of the handler would close the connection as soon as it is sent
            encoder()
                    .frameWriter()
                    .writeGoAway(
                            ctx,
                            connection().remote().lastStreamCreated(),
                            fault.error().code(),
                            ByteBufUtil.writeUtf8(ctx.alloc(), String.valueOf(fault.getMessage())),
                            ctx.newPromise())
                    .addListener(told -> brokenRule.get().run());
            flush(ctx);
        }

        @Override
        public void onError(ChannelHandlerContext ctx, boolean outbound, Throwable cause) {
            log.atDebug()
                    .addKeyValue("peer", ctx.channel().remoteAddress())
                    .setCause(cause)
                    .log("HTTP/2 failed");
            if (cause instanceof RuntimeException) {
                log.atError().setCause(cause).log("a request failed by a defect of the router");
            }
            super.onError(ctx, outbound, cause);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
            if (cause instanceof Http2Exception) {
                super.exceptionCaught(ctx, cause);
                return;
            }
            log.atDebug()
                    .addKeyValue("peer", ctx.channel().remoteAddress())
                    .setCause(cause)
                    .log("connection failed");
            ctx.close();
        }
    }
}
