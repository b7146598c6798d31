package dev.flynn.discoverd.client;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The discoverd servers that a client talks to: the one that answered last, and the others when it does not. */
final class Servers {

    static final String DEFAULT = "http://127.0.0.1:1111";

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int MOST_REDIRECTS = 10;
    private static final int MAX_BYTES = 64 << 20;

    private final List<String> urls;
    private final FlynnJson json;
    private volatile int current;

    Servers(List<String> urls, FlynnJson json) {
        this.urls = List.copyOf(urls);
        this.json = json;
    }

    /** Reads {@code DISCOVERD}: URLs or {@code host:port}, separated by commas; nothing or {@code none} is this host. */
    static List<String> parse(@Nullable String variable) {
        List<String> urls = new ArrayList<>();
        for (String item : variable == null ? new String[0] : variable.split(",")) {
            String server = item.strip();
            if (!server.isEmpty() && !server.equals("none")) {
                String url = server.startsWith("http") ? server : "http://" + server;
                urls.add(url.replaceAll("/+$", ""));
            }
        }
        return urls.isEmpty() ? List.of(DEFAULT) : urls;
    }

    /** What a server answered with a success. */
    record Answer(int status, byte[] body) {}

    /**
     * Sends a request; servers that do not answer are passed over.
     *
     * @throws FlynnException with the code of the answer, {@code SERVICE_UNAVAILABLE} if no server answers
     */
    Answer send(String method, String path, byte @Nullable [] body) {
        FlynnException last = null;
        for (int i = 0; i < urls.size(); i++) {
            int server = (current + i) % urls.size();
            try {
                Answer answer = sendTo(urls.get(server), method, path, body);
                current = server;
                return answer;
            } catch (IOException e) {
                last = unreachable(urls.get(server), e);
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    current = server;
                    throw e;
                }
                last = e;
            }
        }
        throw last != null ? last : new IllegalStateException("no servers");
    }

    private Answer sendTo(String server, String method, String path, byte @Nullable [] body) throws IOException {
        HttpURLConnection connection = open(server, method, path, body);
        try {
            int status = connection.getResponseCode();
            if (status >= 200 && status < 300) {
                try (InputStream in = connection.getInputStream()) {
                    return new Answer(status, in.readNBytes(MAX_BYTES));
                }
            }
            throw failure(connection, status);
        } finally {
            if (connection.getErrorStream() != null) {
                connection.getErrorStream().close();
            }
        }
    }

    /**
     * Opens a stream with any server that answers.
     *
     * @param silence how long it may be silent before it counts as broken
     */
    StreamConnection stream(String path, Duration silence) {
        FlynnException last = null;
        for (int i = 0; i < urls.size(); i++) {
            int server = (current + i) % urls.size();
            try {
                StreamConnection connection = openStream(urls.get(server) + path);
                connection.longestSilence(silence);
                current = server;
                return connection;
            } catch (IOException e) {
                last = unreachable(urls.get(server), e);
            }
        }
        throw last != null ? last : new IllegalStateException("no servers");
    }

    private static StreamConnection openStream(String first) throws IOException {
        String url = first;
        for (int redirects = 0; ; redirects++) {
            StreamConnection connection = StreamConnection.open(url, PATIENCE);
            if (connection.status() == 200) {
                return connection;
            }
            connection.close();
            String location = connection.header("location").orElse("");
            if (location.isEmpty() || redirects == MOST_REDIRECTS) {
                throw new IOException("%s answered %d".formatted(url, connection.status()));
            }
            url = new URL(new URL(url), location).toString();
        }
    }

    /** A redirect is followed with the same method, headers and body. */
    private static HttpURLConnection open(String server, String method, String path, byte @Nullable [] body)
            throws IOException {
        URL url = new URL(server + path);
        for (int redirects = 0; ; redirects++) {
            HttpURLConnection connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout((int) PATIENCE.toMillis());
            connection.setReadTimeout((int) PATIENCE.toMillis());
            connection.setRequestMethod(method);
            if (body != null) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/json");
                connection.setFixedLengthStreamingMode(body.length);
                connection.getOutputStream().write(body);
            }
            int status = connection.getResponseCode();
            String location = connection.getHeaderField("Location");
            if ((status != 307 && status != 301) || location == null || redirects == MOST_REDIRECTS) {
                return connection;
            }
            url = new URL(url, location);
        }
    }

    private FlynnException failure(HttpURLConnection connection, int status) throws IOException {
        byte[] body = {};
        try (InputStream in = connection.getErrorStream()) {
            if (in != null) {
                body = in.readNBytes(MAX_BYTES);
            }
        }
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            var error = json.readTree(text);
            String code = error.path("code").asText("");
            if (!code.isEmpty()) {
                boolean gone = status == 503 || error.path("retry").asBoolean(false) && status >= 500;
                return new FlynnException(
                        gone ? ErrorCode.SERVICE_UNAVAILABLE : ErrorCode.ofWireName(code),
                        error.path("message").asText(code));
            }
        } catch (FlynnException notJson) {
            // said below
        }
        return new FlynnException(
                status == 404 ? ErrorCode.NOT_FOUND : ErrorCode.UNKNOWN,
                "%s answered %d: %s".formatted(connection.getURL(), status, text.strip()));
    }

    private static FlynnException unreachable(String server, IOException e) {
        return FlynnException.unavailable(
                "discoverd at %s does not answer (%s); is DISCOVERD right?".formatted(server, e.getMessage()), e);
    }
}
