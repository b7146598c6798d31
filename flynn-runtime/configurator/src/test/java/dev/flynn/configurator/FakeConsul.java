package dev.flynn.configurator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** As much of Consul's key/value API as a configurator needs: get, list keys, compare-and-set, blocking queries. */
final class FakeConsul implements AutoCloseable {

    private record Entry(String value, long index) {}

    private final Map<String, Entry> entries = new TreeMap<>();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final HttpServer server;
    private long index = 1;
    private int refusals;

    FakeConsul() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext("/v1/kv/", this::serve);
        server.start();
    }

    String uri(String prefix) {
        return "consul://127.0.0.1:%d/%s".formatted(server.getAddress().getPort(), prefix);
    }

    synchronized void put(String key, String value) {
        entries.put(key, new Entry(value, ++index));
        notifyAll();
    }

    synchronized String get(String key) {
        return entries.get(key).value();
    }

    /** As if somebody else were quicker, so many times. */
    synchronized void refuse(int commits) {
        refusals = commits;
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            URI uri = exchange.getRequestURI();
            String key = uri.getPath().substring("/v1/kv/".length());
            String query = String.valueOf(uri.getQuery());
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            answer(
                    exchange,
                    exchange.getRequestMethod().equals("PUT") ? put(key, query, body) : get(exchange, key, query));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized String put(String key, String query, String body) {
        long wanted = Long.parseLong(query.replaceFirst(".*cas=", ""));
        Entry current = entries.get(key);
        if (refusals > 0 || current == null || current.index() != wanted) {
            refusals--;
            return "false";
        }
        put(key, body);
        return "true";
    }

    private synchronized String get(HttpExchange exchange, String key, String query) throws InterruptedException {
        if (query.contains("index=")) {
            long seen = Long.parseLong(query.replaceFirst(".*index=(\\d+).*", "$1"));
            while (entries.get(key).index() <= seen) {
                wait();
            }
        }
        if (query.startsWith("keys")) {
            StringBuilder keys = new StringBuilder();
            entries.keySet().stream()
                    .filter(other -> other.startsWith(key))
                    .forEach(other -> keys.append(keys.length() == 0 ? "" : ",")
                            .append('"')
                            .append(other)
                            .append('"'));
            return keys.length() == 0 ? "" : "[" + keys + "]";
        }
        Entry entry = entries.get(key);
        exchange.getResponseHeaders().set("X-Consul-Index", Long.toString(entry == null ? index : entry.index()));
        return entry == null
                ? ""
                : "[{\"Key\":\"%s\",\"ModifyIndex\":%d,\"Value\":\"%s\"}]"
                        .formatted(
                                key,
                                entry.index(),
                                Base64.getEncoder().encodeToString(entry.value().getBytes(StandardCharsets.UTF_8)));
    }

    private static void answer(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(bytes.length == 0 ? 404 : 200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
