package dev.flynn.tck.wire;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** A provider of resources that the cluster is asked to use: it gives each an id and three variables, and forgets nothing. */
final class ProviderStub implements AutoCloseable {

    /** A request of the cluster. */
    record Call(String method, String query, String body) {}

    private final HttpServer server;
    private final String host;
    private final String path = "/tck-" + Lab.uuid();
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final AtomicBoolean broken = new AtomicBoolean();

    ProviderStub(String host) throws IOException {
        this.host = host;
        InetAddress address = InetAddress.getByName(host);
        server = HttpServer.create(
                address.isLoopbackAddress() ? new InetSocketAddress(address, 0) : new InetSocketAddress(0), 0);
        server.createContext(path, this::serve);
        server.start();
    }

    String url() {
        return "http://%s:%d%s".formatted(host, server.getAddress().getPort(), path);
    }

    /** From now on it answers 500, or no longer. */
    void broken(boolean is) {
        broken.set(is);
    }

    List<Call> calls() {
        return List.copyOf(calls);
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String query = exchange.getRequestURI().getQuery();
            calls.add(new Call(exchange.getRequestMethod(), query == null ? "" : query, body));
            if (broken.get()) {
                exchange.sendResponseHeaders(500, -1);
            } else if (exchange.getRequestMethod().equals("POST")) {
                String id = "/databases/" + Lab.uuid();
                byte[] answer = Json.write(Map.of("id", id, "env", Map.of("TCK_ID", id, "TCK_HOST", "tck.example.com")))
                        .getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            } else {
                exchange.sendResponseHeaders(200, -1);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
