package dev.flynn.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
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
    private final Optional<String> onBehalfOf;
    private final int readTimeoutMillis;
    private final Deque<HttpConnection> idle = new ArrayDeque<>();
    private @Nullable SSLSocketFactory tls;

    HttpTransport(
            Endpoint endpoint, String key, Optional<String> pin, Optional<String> onBehalfOf, int readTimeoutMillis) {
        this.endpoint = endpoint;
        this.key = key;
        this.pin = pin;
        this.onBehalfOf = onBehalfOf;
        this.readTimeoutMillis = readTimeoutMillis;
    }

    /** The same way of asking, at another place. */
    HttpTransport to(Endpoint elsewhere) {
        return new HttpTransport(elsewhere, key, pin, onBehalfOf, readTimeoutMillis);
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
        Map<String, String> headers = headers(extra);
        boolean repeatable = method.equals("GET");
        HttpConnection kept = repeatable ? anyIdle() : openIdle();
        if (kept != null) {
            try {
                return kept.exchange(method, target, headers, body);
            } catch (IOException e) {
                kept.close();
                boolean mayHaveBeenClosedWhileIdle = repeatable && !(e instanceof SocketTimeoutException);
                if (!mayHaveBeenClosedWhileIdle) {
                    throw unreachable(e);
                }
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

    /** As {@link #send}, with a body that is read as it is sent, and on a connection that nobody used before. */
    HttpReply upload(String target, Map<String, String> extra, long length, InputStream body) {
        try {
            HttpConnection fresh = dial();
            try {
                return fresh.exchange("PUT", target, headers(extra), length, body);
            } catch (IOException e) {
                fresh.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private Map<String, String> headers(Map<String, String> extra) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Host", endpoint.authority());
        headers.put("Content-Type", "application/json");
        headers.put(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8)));
        onBehalfOf.ifPresent(name -> headers.put("X-Flynn-On-Behalf-Of", name));
        headers.putAll(extra);
        return headers;
    }

    /** Takes back the connection of a reply whose body was read to its end. */
    void done(HttpReply reply) {
        HttpConnection connection = reply.connection();
        if (reply.keepsAlive() && connection.waits(readTimeoutMillis)) {
            synchronized (idle) {
                if (idle.size() < KEPT) {
                    idle.push(connection);
                    return;
                }
            }
        }
        connection.close();
    }

    FlynnException unreachable(IOException e) {
        String message = e instanceof SSLException && e.getCause() != null
                ? untrusted(String.valueOf(e.getCause().getMessage()))
                : "cannot reach %s: %s".formatted(endpoint.url(), e.getMessage() == null ? e : e.getMessage());
        return new FlynnException(ErrorCode.SERVICE_UNAVAILABLE, message, e);
    }

    /** What the JDK says of a certificate, which takes some knowledge if it is a chain that ends at nobody it trusts. */
    private String untrusted(String problem) {
        return problem.startsWith("PKIX")
                ? ("the certificate of %s comes from no authority that this machine trusts; give the cluster's pin (-p), which"
                                + " 'flynn-host up' and 'flynn-host bootstrap' print, or trust its authority")
                        .formatted(endpoint.url())
                : problem;
    }

    private @Nullable HttpConnection anyIdle() {
        synchronized (idle) {
            return idle.poll();
        }
    }

    /** One that the other side has not closed; to find out takes a millisecond, which what can be asked again is spared. */
    private @Nullable HttpConnection openIdle() {
        while (true) {
            HttpConnection kept = anyIdle();
            if (kept == null || kept.isStillOpen(readTimeoutMillis)) {
                return kept;
            }
            kept.close();
        }
    }

    private HttpConnection dial() throws IOException {
        IOException failure = new IOException("it has no address");
        for (InetSocketAddress address : endpoint.addresses()) {
            Socket plain = new Socket();
            try {
                plain.connect(address, DIAL_TIMEOUT_MILLIS);
            } catch (IOException e) {
                plain.close();
                failure = e;
                continue;
            }
            try {
                plain.setTcpNoDelay(true);
                plain.setSoTimeout(readTimeoutMillis);
                return new HttpConnection(endpoint.tls() ? secure(plain) : plain);
            } catch (IOException | RuntimeException e) {
                plain.close();
                throw e;
            }
        }
        throw failure;
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
