package dev.flynn.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Connections to one server: opened when needed, kept for the next request where possible. Thread-safe. */
final class HttpTransport implements AutoCloseable {

    private static final int DIAL_TIMEOUT_MILLIS = 10_000;
    private static final int KEPT = 4;

    private final Endpoint endpoint;
    private final String key;
    private final Optional<String> pin;
    private final int readTimeoutMillis;
    private final Deque<HttpConnection> idle = new ArrayDeque<>();
    private @Nullable SSLSocketFactory tls;

    HttpTransport(Endpoint endpoint, String key, Optional<String> pin, int readTimeoutMillis) {
        this.endpoint = endpoint;
        this.key = key;
        this.pin = pin;
        this.readTimeoutMillis = readTimeoutMillis;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /**
     * Sends a request; the caller reads the reply and then gives it back with {@link #done}, or closes its connection.
     *
     * @param extra headers besides the usual ones
     */
    HttpReply send(String method, String target, Map<String, String> extra, byte[] body) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Host", endpoint.authority());
        headers.put("Content-Type", "application/json");
        headers.put(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8)));
        headers.putAll(extra);
        HttpConnection kept = takeIdle();
        if (kept != null) {
            try {
                return kept.exchange(method, target, headers, body);
            } catch (IOException goneWhileIdle) {
                kept.close();
            }
        }
        try {
            HttpConnection fresh = dial();
            try {
                return fresh.exchange(method, target, headers, body);
            } catch (IOException e) {
                fresh.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /** Takes back the connection of a reply whose body was read to its end. */
    void done(HttpReply reply) {
        synchronized (idle) {
            if (reply.keepsAlive() && idle.size() < KEPT) {
                idle.push(reply.connection());
                return;
            }
        }
        reply.connection().close();
    }

    FlynnException unreachable(IOException e) {
        String message = e instanceof SSLException && e.getCause() != null
                ? String.valueOf(e.getCause().getMessage())
                : "cannot reach %s: %s".formatted(endpoint.url(), e.getMessage() == null ? e : e.getMessage());
        return new FlynnException(ErrorCode.SERVICE_UNAVAILABLE, message, e);
    }

    private @Nullable HttpConnection takeIdle() {
        synchronized (idle) {
            return idle.poll();
        }
    }

    private HttpConnection dial() throws IOException {
        Socket plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.connect(endpoint.address(), DIAL_TIMEOUT_MILLIS);
            plain.setSoTimeout(readTimeoutMillis);
            return new HttpConnection(endpoint.tls() ? secure(plain) : plain);
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private Socket secure(Socket plain) throws IOException {
        SSLSocket socket = (SSLSocket) tlsFactory().createSocket(plain, endpoint.host(), endpoint.port(), true);
        if (pin.isEmpty()) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
        }
        socket.startHandshake();
        return socket;
    }

    private synchronized SSLSocketFactory tlsFactory() {
        if (tls == null) {
            tls = pin.map(PinnedTrust::socketFactory).orElseGet(() -> (SSLSocketFactory) SSLSocketFactory.getDefault());
        }
        return tls;
    }

    @Override
    public void close() {
        synchronized (idle) {
            idle.forEach(HttpConnection::close);
            idle.clear();
        }
    }
}
