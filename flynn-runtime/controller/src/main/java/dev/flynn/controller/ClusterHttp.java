package dev.flynn.controller;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Requests to services of the cluster; names such as {@code postgres-api.discoverd} are looked up in discovery. */
final class ClusterHttp {

    private static final String SUFFIX = ".discoverd";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_ANSWER = 1 << 20;

    private final Discovery discovery;

    ClusterHttp(Discovery discovery) {
        this.discovery = discovery;
    }

    record Answer(int status, String body) {}

    /** Whether anything answers for the URL's host, as far as discovery knows. */
    boolean isThere(URI url) {
        return service(url).map(name -> !discovery.instances(name).isEmpty()).orElse(true);
    }

    /**
     * @param key sent as the password of Basic authentication, if there is one
     * @param json sent as the body, if there is one
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if nobody answers
     */
    Answer send(String method, URI url, Optional<String> key, Optional<String> json) {
        return send(method, url, key, json, Map.of());
    }

    /** As above, with more headers. */
    Answer send(String method, URI url, Optional<String> key, Optional<String> json, Map<String, String> headers) {
        URI target = resolve(url);
        try {
            HttpURLConnection connection = (HttpURLConnection) target.toURL().openConnection();
            try {
                connection.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
                connection.setReadTimeout((int) READ_TIMEOUT.toMillis());
                connection.setInstanceFollowRedirects(false);
                connection.setRequestMethod(method);
                headers.forEach(connection::setRequestProperty);
                key.ifPresent(password -> connection.setRequestProperty("Authorization", basic(password)));
                if (json.isPresent()) {
                    connection.setDoOutput(true);
                    connection.setRequestProperty("Content-Type", "application/json");
                    byte[] bytes = json.get().getBytes(StandardCharsets.UTF_8);
                    // else a POST is sent a second time when the peer hangs up without an answer
                    connection.setFixedLengthStreamingMode(bytes.length);
                    try (OutputStream body = connection.getOutputStream()) {
                        body.write(bytes);
                    }
                }
                return answer(connection);
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            throw failed(method, url, e);
        }
    }

    /**
     * An answer whose body is read as it comes.
     *
     * @param length of the body in bytes, -1 if it was not said
     */
    record Download(HttpURLConnection connection, int status, long length, InputStream body) implements AutoCloseable {
        @Override
        public void close() {
            connection.disconnect();
        }
    }

    /** Asks for something that may be large; the caller closes the answer. */
    Download download(URI url, String key) {
        HttpURLConnection connection = connect("GET", url, key);
        try {
            int status = connection.getResponseCode();
            InputStream body = status < 400 ? connection.getInputStream() : InputStream.nullInputStream();
            return new Download(connection, status, connection.getContentLengthLong(), body);
        } catch (IOException e) {
            connection.disconnect();
            throw failed("GET", url, e);
        }
    }

    /**
     * Sends something that may be large, as it comes.
     *
     * @param length of the body in bytes; one that ends earlier is not taken for the whole by whoever receives it
     */
    Answer upload(URI url, String key, Map<String, String> headers, long length, InputStream body) {
        HttpURLConnection connection = connect("PUT", url, key);
        try {
            headers.forEach(connection::setRequestProperty);
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(length);
            try (OutputStream out = connection.getOutputStream()) {
                body.transferTo(out);
            }
            return answer(connection);
        } catch (IOException e) {
            throw failed("PUT", url, e);
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connect(String method, URI url, String key) {
        try {
            var connection = (HttpURLConnection) resolve(url).toURL().openConnection();
            connection.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
            connection.setReadTimeout((int) READ_TIMEOUT.toMillis());
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod(method);
            connection.setRequestProperty("Authorization", basic(key));
            return connection;
        } catch (IOException e) {
            throw failed(method, url, e);
        }
    }

    private static FlynnException failed(String method, URI url, IOException e) {
        return FlynnException.unavailable("%s %s failed: %s".formatted(method, url, e.getMessage()), e);
    }

    private static Answer answer(HttpURLConnection connection) throws IOException {
        int status = connection.getResponseCode();
        try (var body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Answer(status, body == null ? "" : text(body));
        }
    }

    /** The whole of it, however it trickles in, or a failure: a part of an answer is none. */
    private static String text(InputStream body) throws IOException {
        long begin = System.nanoTime();
        var bytes = new ByteArrayOutputStream();
        var part = new byte[8192];
        for (int read = body.read(part); read >= 0; read = body.read(part)) {
            bytes.write(part, 0, read);
            if (bytes.size() > MAX_ANSWER) {
                throw new IOException("the answer is longer than %d bytes".formatted(MAX_ANSWER));
            }
            if (System.nanoTime() - begin > ANSWER_TIMEOUT.toNanos()) {
                throw new IOException("the answer took longer than %d s".formatted(ANSWER_TIMEOUT.toSeconds()));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private URI resolve(URI url) {
        Optional<String> service = service(url);
        if (service.isEmpty()) {
            return url;
        }
        List<Instance> instances = discovery.instances(service.get());
        if (instances.isEmpty()) {
            throw FlynnException.unavailable(
                    "nothing runs for service \"%s\" of %s".formatted(service.get(), url), null);
        }
        return URI.create(url.getScheme() + "://" + instances.get(0).addr()
                + Optional.ofNullable(url.getRawPath()).orElse("")
                + Optional.ofNullable(url.getRawQuery())
                        .map(query -> "?" + query)
                        .orElse(""));
    }

    private static Optional<String> service(URI url) {
        return Optional.ofNullable(url.getHost())
                .filter(host -> host.endsWith(SUFFIX))
                .map(host -> host.substring(0, host.length() - SUFFIX.length()));
    }

    private static String basic(String password) {
        return "Basic " + Base64.getEncoder().encodeToString((":" + password).getBytes(StandardCharsets.UTF_8));
    }
}
