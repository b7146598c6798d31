package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP API of a configurator (contract: companions, configurator). */
public final class ConfiguratorServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ConfiguratorServer.class);

    private static final String CONFIG = "/v1/config";
    private static final String RENDER = "/v1/render";
    private static final int MAX_BODY_BYTES = 16 * 1024 * 1024;
    private static final int THREADS = 4;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final Configurator configurator;
    private final Optional<byte[]> key;
    private final HttpServer server;
    private final ExecutorService executor;

    /** @param key password of who may use it; without one it listens on loopback only */
    public ConfiguratorServer(Configurator configurator, String listenIp, int port, Optional<String> key) {
        this.configurator = configurator;
        this.key = key.map(text -> text.getBytes(StandardCharsets.UTF_8));
        try {
            InetAddress address = InetAddress.getByName(listenIp);
            if (key.isEmpty() && !address.isLoopbackAddress()) {
                throw FlynnException.invalidField(
                        "--listen-ip",
                        "must be of loopback, because CONFIGURATOR_KEY is not set: whoever connects may change everything");
            }
            server = HttpServer.create(new InetSocketAddress(address, port), 0);
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "the configurator cannot listen on %s:%d (%s); free the port or choose another one"
                            .formatted(listenIp, port, e.getMessage()),
                    e);
        }
        executor = java.util.concurrent.Executors.newFixedThreadPool(THREADS, new NamedThreads("configurator-http"));
        server.setExecutor(executor);
        server.createContext("/", this::serve);
        server.start();
    }

    public InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
        Executors.stop(executor, "configurator-http", STOP_PATIENCE);
    }

    private record Answer(int status, String type, String body) {

        static Answer json(JsonNode value) {
            return new Answer(200, "application/json", Json.pretty(value));
        }

        static Answer text(int status, String text) {
            return new Answer(
                    status, "text/plain; charset=utf-8", text.isEmpty() || text.endsWith("\n") ? text : text + "\n");
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            respond(exchange, answer(exchange));
        }
    }

    private Answer answer(HttpExchange exchange) {
        try {
            if (!mayAsk(exchange.getRequestHeaders())) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"configurator\"");
                return Answer.text(401, "the key is missing or wrong; send it as password: curl -u :KEY");
            }
            if (isOfAnotherSite(exchange.getRequestHeaders())) {
                return Answer.text(403, "a page of another site may not ask this");
            }
            String path = exchange.getRequestURI().getRawPath();
            if (path.equals(RENDER)) {
                return render(exchange);
            }
            if (path.equals(CONFIG) || path.startsWith(CONFIG + "/")) {
                return config(exchange, ConfigPath.parse(path.substring(CONFIG.length())));
            }
            return Answer.text(404, "there is %s and %s/…".formatted(RENDER, CONFIG));
        } catch (Refusal e) {
            return Answer.text(e.status(), String.valueOf(e.getMessage()));
        } catch (FlynnException e) {
            log.atError().setCause(e).log("a request failed");
            return Answer.text(503, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            log.atError().setCause(e).log("a request failed");
            return Answer.text(500, "something went wrong; the log of the configurator says more");
        }
    }

    private Answer render(HttpExchange exchange) throws IOException {
        return switch (exchange.getRequestMethod()) {
            case "GET" -> Answer.text(200, configurator.text());
            case "POST" -> dryRun(body(exchange));
            default -> notAllowed(exchange, "GET, POST");
        };
    }

    /** Who tries out wants to see what was tried. */
    private Answer dryRun(String body) {
        JsonNode document = Json.parse(body);
        try {
            return Answer.text(200, configurator.dryRun(document));
        } catch (Refusal e) {
            return Answer.text(e.status(), "%s%n%n%s".formatted(e.getMessage(), Json.pretty(document)));
        }
    }

    private Answer config(HttpExchange exchange, ConfigPath path) throws IOException {
        switch (exchange.getRequestMethod()) {
            case "GET" -> {
                return Answer.json(Document.shown(Document.get(configurator.document(), path)));
            }
            case "POST" -> {
                JsonNode value = Json.parse(body(exchange));
                configurator.change(document -> Document.post(document, path, value));
            }
            case "PUT" -> {
                JsonNode value = Json.parse(body(exchange));
                configurator.change(document -> Document.put(document, path, value));
            }
            case "DELETE" -> configurator.change(document -> Document.delete(document, path));
            default -> {
                return notAllowed(exchange, "DELETE, GET, POST, PUT");
            }
        }
        return Answer.text(200, "");
    }

    private static Answer notAllowed(HttpExchange exchange, String allowed) {
        exchange.getResponseHeaders().set("Allow", allowed);
        return Answer.text(405, "here are allowed: " + allowed);
    }

    private static String body(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) {
            throw Refusal.invalid("a body has at most %d bytes".formatted(MAX_BODY_BYTES));
        }
        return new String(body, StandardCharsets.UTF_8);
    }

    private boolean mayAsk(Headers headers) {
        if (key.isEmpty()) {
            return true;
        }
        String sent = Optional.ofNullable(headers.getFirst("Authorization")).orElse("");
        if (!sent.regionMatches(true, 0, "Basic ", 0, 6)) {
            return false;
        }
        try {
            String pair =
                    new String(Base64.getDecoder().decode(sent.substring(6).strip()), StandardCharsets.UTF_8);
            byte[] password = pair.substring(pair.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
            return MessageDigest.isEqual(password, key.get());
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    /** A browser says so of what a page sends; otherwise any page could speak with loopback. */
    private static boolean isOfAnotherSite(Headers headers) {
        String origin = headers.getFirst("Origin");
        String host = headers.getFirst("Host");
        return origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host);
    }

    private static void respond(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        if (exchange.getRequestMethod().equals("HEAD") || body.length == 0) {
            exchange.sendResponseHeaders(answer.status(), -1);
        } else {
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
