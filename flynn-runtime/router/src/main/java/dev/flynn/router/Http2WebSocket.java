package dev.flynn.router;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.Http2Heads;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's wish for a WebSocket in a stream of HTTP/2 (RFC 8441). Backends are asked as a client of HTTP/1.1 asks, with a key so
 * that none answers it by accident (RFC 6455, section 4.1); HTTP/2 has no such thing.
 */
final class Http2WebSocket {

    private static final Logger log = LoggerFactory.getLogger(Http2WebSocket.class);

    private static final String SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final byte[] ACCEPT = Ascii.bytes("sec-websocket-accept");

    private final String key;
    private @Nullable Http2Tunnel tunnel;

    private Http2WebSocket(String key) {
        this.key = key;
    }

    /**
     * The wish, null if that is another request.
     *
     * @throws BadMessage if it is malformed, or for another protocol
     */
    static @Nullable Http2WebSocket askedFor(Http2Headers headers) throws BadMessage {
        if (!Http2Heads.asksForWebSocket(headers)) {
            return null;
        }
        byte[] nonce = new byte[16];
        ThreadLocalRandom.current().nextBytes(nonce);
        return new Http2WebSocket(Base64.getEncoder().encodeToString(nonce));
    }

    String key() {
        return key;
    }

    /** Null as long as no backend has agreed. */
    @Nullable
    Http2Tunnel tunnel() {
        return tunnel;
    }

    /**
     * A backend has switched protocols: joins it with the client for good.
     *
     * @return false if it has not understood what it was asked
     */
    boolean begin(
            Http2ClientConnection client,
            Http2Stream stream,
            Head answer,
            HeaderEdits edits,
            @Nullable String cookie,
            BackendConnection backend,
            @Nullable Duration idle,
            Tunnel.Counts counts) {
        ByteBuf received = backend.surrender();
        if (!accept().equals(answer.firstValue(ACCEPT))) {
            log.atWarn()
                    .addKeyValue("backend", backend.backend())
                    .log("the handshake of a WebSocket was not understood");
            if (received != null) {
                received.release();
            }
            backend.close();
            return false;
        }
        client.writeHeaders(stream, Http2Heads.webSocketResponse(answer, edits, cookie), false);
        tunnel = Http2Tunnel.join(client, stream, backend.context(), received, idle, counts);
        return true;
    }

    private String accept() {
        try {
            byte[] both = (key + SUFFIX).getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(both));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
