package dev.flynn.tck.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The part of a controller that apps without routes, jobs and resources are; what it answers may be altered on its way. */
final class SmallController implements AutoCloseable {

    static final String KEY = "7d1c5f0e-key";

    /** What is answered to a request that is no stream. */
    record Reply(int status, String type, String body) {

        static Reply json(Object value) {
            return new Reply(200, "application/json", Json.write(value));
        }

        static Reply nothing(int status) {
            return new Reply(status, "", "");
        }

        static Reply error(int status, String code, String message, Optional<String> field) {
            ObjectNode error = (ObjectNode) Json.tree(Map.of("code", code, "message", message, "retry", false));
            field.ifPresent(name -> error.set("detail", Json.tree(Map.of("field", name))));
            return new Reply(status, "application/json", Json.write(error));
        }
    }

    /** What is wrong with this controller. */
    interface Alteration {

        default Reply reply(String method, String path, Reply reply) {
            return reply;
        }

        default String keepAlive() {
            return ":\n";
        }
    }

    private static final String NAME = "^[a-z\\d]+(-[a-z\\d]+)*$";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Alteration alteration;
    private final List<ObjectNode> apps = new ArrayList<>();
    private final List<ObjectNode> events = new ArrayList<>();

    SmallController(Alteration alteration) throws IOException {
        this.alteration = alteration;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    Target target() {
        return new Target(
                URI.create("http://controller.example.com"),
                KEY,
                Trust.system(),
                Optional.of("127.0.0.1:" + server.getAddress().getPort()));
    }

    synchronized int apps() {
        return apps.size();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            String path = exchange.getRequestURI().getPath();
            String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            boolean authorized =
                    WireClient.basic(KEY).equals(exchange.getRequestHeaders().getFirst("Authorization"));
            if (authorized
                    && path.equals("/events")
                    && !"application/json".equals(exchange.getRequestHeaders().getFirst("Accept"))) {
                stream(exchange);
            } else {
                Reply reply = authorized ? answer(method, exchange.getRequestURI(), body) : Reply.nothing(401);
                send(exchange, alteration.reply(method, path, reply));
            }
        }
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        if (!reply.type().isEmpty()) {
            exchange.getResponseHeaders().set("Content-Type", reply.type());
        }
        byte[] bytes = reply.body().getBytes(UTF_8);
        exchange.sendResponseHeaders(reply.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** Says at once that it has nothing to say. */
    private void stream(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().write(alteration.keepAlive().getBytes(UTF_8));
        exchange.getResponseBody().flush();
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Reply answer(String method, URI uri, String body) {
        String path = uri.getPath();
        String query = uri.getQuery() == null ? "" : uri.getQuery();
        if (path.equals("/apps")) {
            return method.equals("GET") ? Reply.json(newestFirst(apps)) : method.equals("POST") ? create(body) : page();
        }
        if (path.equals("/events") && method.equals("GET")) {
            return Reply.json(newestFirst(events.stream()
                    .filter(event -> query.contains(event.path("app").asText())
                            || query.contains(event.path("object_id").asText()))
                    .filter(event -> !query.contains("object_types=")
                            || query.contains(
                                    "object_types=" + event.path("object_type").asText() + "&")
                            || query.endsWith(
                                    "object_types=" + event.path("object_type").asText()))
                    .toList()));
        }
        String[] words = path.split("/", -1);
        if (words.length > 2 && words[1].equals("apps")) {
            Optional<ObjectNode> app = find(words[2]);
            if (app.isEmpty()) {
                return Reply.nothing(404);
            }
            if (words.length == 3) {
                return switch (method) {
                    case "GET" -> Reply.json(app.get());
                    case "DELETE" -> delete(app.get());
                    default -> page();
                };
            }
            if (words.length == 4 && words[3].equals("jobs") && method.equals("GET")) {
                return Reply.json(List.of());
            }
        }
        return page();
    }

    private static Reply page() {
        return new Reply(404, "text/plain; charset=utf-8", "404 page not found\n");
    }

    private static ArrayNode newestFirst(List<ObjectNode> objects) {
        var list = (ArrayNode) Json.tree(List.of());
        for (int i = objects.size() - 1; i >= 0; i--) {
            list.add(objects.get(i).deepCopy());
        }
        return list;
    }

    private Optional<ObjectNode> find(String nameOrId) {
        return apps.stream()
                .filter(app -> app.path("name").asText().equals(nameOrId)
                        || app.path("id").asText().equals(nameOrId))
                .findFirst();
    }

    private Reply create(String body) {
        JsonNode request = Json.readLeniently(body);
        if (!request.isObject()) {
            return body.isEmpty()
                    ? Reply.error(500, "unknown_error", "Something went wrong", Optional.empty())
                    : Reply.error(400, "syntax_error", "The provided JSON input is invalid", Optional.empty());
        }
        String name = request.path("name").asText("");
        if (name.isEmpty()) {
            name = "tck-generated-" + UUID.randomUUID().toString().substring(0, 8);
        }
        if (!name.matches(NAME) || name.length() > 100) {
            return Reply.error(
                    400,
                    "validation_error",
                    "name String must match the pattern: \"" + NAME + "\".",
                    Optional.of("name"));
        }
        if (find(name).isPresent()) {
            return Reply.error(
                    409, "object_exists", "application \"%s\" already exists".formatted(name), Optional.empty());
        }
        String now = now();
        ObjectNode app = (ObjectNode) Json.tree(Map.of(
                "id",
                request.path("id").asText(UUID.randomUUID().toString()),
                "name",
                name,
                "meta",
                request.path("meta").isObject() ? request.path("meta") : Map.of(),
                "strategy",
                request.path("strategy").asText("all-at-once"),
                "deploy_timeout",
                request.path("deploy_timeout").asInt(30),
                "created_at",
                now,
                "updated_at",
                now));
        apps.add(app);
        tell("app", app.path("id").asText(), app);
        return Reply.json(app);
    }

    private Reply delete(ObjectNode app) {
        apps.remove(app);
        String id = app.path("id").asText();
        tell("app_deletion", id, Json.tree(Map.of("app_deletion", Map.of("app", id), "error", "")));
        return Reply.nothing(200);
    }

    /** Without zeros at the end of its fraction. */
    private static String now() {
        return Instant.now().toString().replaceFirst("(\\.\\d*?)0+Z$", "$1Z").replace(".Z", "Z");
    }

    private void tell(String type, String app, JsonNode data) {
        events.add((ObjectNode) Json.tree(Map.of(
                "id",
                events.size() + 1,
                "app",
                app,
                "object_type",
                type,
                "object_id",
                app,
                "data",
                data.deepCopy(),
                "created_at",
                now())));
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
