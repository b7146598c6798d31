package dev.flynn.resource.http;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProvider.Provisioned;
import dev.flynn.spi.resource.ResourceRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apiguardian.api.API;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a {@link ResourceProvider} over Flynn's HTTP protocol, so that it can run as an app and any Flynn controller can use it:
 *
 * <table>
 * <caption>Requests</caption>
 * <tr><td>{@code POST <path>}, settings as a JSON object</td><td>200 and {@code {"id": …, "env": {…}}}</td></tr>
 * <tr><td>{@code DELETE <path>?id=<id>}</td><td>200</td></tr>
 * <tr><td>{@code GET /ping}</td><td>200 while resources can be provisioned, else 500</td></tr>
 * </table>
 *
 * <p>A {@code POST} with the header {@value #REQUEST_ID} may be repeated and gives the same resource; one without it gives another
 * each time. A failure is answered with its status and an error object. Whoever reaches the port may use it: the protocol has no
 * keys, so it belongs to an address inside the cluster. Answers have secrets and nothing of them is logged.
 *
 * <pre>{@code
 * var address = new InetSocketAddress(System.getenv("LISTEN_IP"), Integer.parseInt(System.getenv("PORT")));
 * try (var server = ResourceProviderServer.start(provider, address, "/databases")) {
 *     …
 * }
 * }</pre>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class ResourceProviderServer implements AutoCloseable {

    /** Names a request, so that it can be repeated: see {@link ResourceRequest#id}. */
    public static final String REQUEST_ID = "Flynn-Request-Id";

    private static final Logger log = LoggerFactory.getLogger(ResourceProviderServer.class);

    private static final String PING = "/ping";
    private static final int MAX_BODY = 1 << 20;
    private static final int THREADS = 8;
    private static final int CLOSE_SECONDS = 10;

    private final ResourceProvider provider;
    private final String path;
    private final FlynnJson json = new FlynnJson();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final HttpServer server;

    private ResourceProviderServer(ResourceProvider provider, InetSocketAddress address, String path)
            throws IOException {
        this.provider = requireNonNull(provider, "provider");
        this.path = path;
        this.server = HttpServer.create(address, 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
    }

    /**
     * Serves a provider, which the caller closes after the server.
     *
     * @param address port 0 takes a free one
     * @param path what the provider's URL has after the host, such as {@code /databases}
     */
    public static ResourceProviderServer start(ResourceProvider provider, InetSocketAddress address, String path)
            throws IOException {
        if (!path.startsWith("/") || path.equals(PING)) {
            throw new IllegalArgumentException("a path begins with / and is not /ping, was \"%s\"".formatted(path));
        }
        var server = new ResourceProviderServer(provider, address, path);
        server.server.start();
        return server;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** Takes no more requests, and waits some seconds for those that are under way. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** What a controller is told of a resource. */
    private record Given(String id, Map<String, String> env) {}

    /** That requests may be repeated. */
    private record Ping(boolean requestIds) {}

    private record Answer(int status, Optional<Object> body) {}

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer = answer(exchange);
            byte[] body = answer.body().map(json::writeBytes).orElse(new byte[0]);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private Answer answer(HttpExchange exchange) throws IOException {
        String request =
                exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
        try {
            if (request.equals("POST " + path)) {
                Provisioned given = provider.provision(request(exchange));
                return new Answer(200, Optional.of(new Given(given.externalId(), given.env())));
            }
            if (request.equals("DELETE " + path)) {
                provider.deprovision(id(exchange));
                return new Answer(200, Optional.empty());
            }
            return request.equals("GET " + PING) ? ping() : new Answer(404, Optional.empty());
        } catch (FlynnException e) {
            return failure(request, e, e.code().httpStatus());
        } catch (RuntimeException e) {
            return failure(request, FlynnException.internal(ErrorBody.SOMETHING_WENT_WRONG, e), 500);
        }
    }

    private Answer ping() {
        try {
            provider.ping();
            return new Answer(200, Optional.of(new Ping(true)));
        } catch (FlynnException e) {
            return failure("GET " + PING, e, 500);
        }
    }

    private Answer failure(String request, FlynnException failure, int status) {
        log.atWarn()
                .addKeyValue("request", request)
                .addKeyValue("status", status)
                .setCause(failure)
                .log("request failed");
        return new Answer(status, Optional.of(ErrorBody.of(failure, json)));
    }

    private ResourceRequest request(HttpExchange exchange) throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
        if (bytes.length > MAX_BODY) {
            throw new FlynnException(
                    ErrorCode.REQUEST_BODY_TOO_BIG, "settings are longer than %d bytes".formatted(MAX_BODY));
        }
        String id = Optional.ofNullable(exchange.getRequestHeaders().getFirst(REQUEST_ID))
                .orElseGet(() -> UUID.randomUUID().toString());
        return new ResourceRequest(id, config(new String(bytes, StandardCharsets.UTF_8)));
    }

    private Map<String, Object> config(String text) {
        Map<String, Object> config = new LinkedHashMap<>();
        if (!text.isBlank()) {
            JsonNode tree = json.readTree(text);
            if (!tree.isObject() && !tree.isNull()) {
                throw FlynnException.invalid("settings must be a JSON object");
            }
            tree.fields().forEachRemaining(entry -> {
                if (!entry.getValue().isNull()) {
                    config.put(entry.getKey(), json.convert(entry.getValue(), Object.class));
                }
            });
        }
        return config;
    }

    private static String id(HttpExchange exchange) {
        String query =
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
        try {
            return Arrays.stream(query.split("&"))
                    .filter(parameter -> parameter.startsWith("id="))
                    .map(parameter -> URLDecoder.decode(parameter.substring(3), StandardCharsets.UTF_8))
                    .findFirst()
                    .orElseThrow(() -> FlynnException.invalidField("id", "is invalid"));
        } catch (IllegalArgumentException e) {
            throw FlynnException.invalidField("id", "is invalid");
        }
    }
}
