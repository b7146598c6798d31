package dev.flynn.git;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.base.BlobSignature;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A blobstore in memory, which lets in those with a signed URL only. */
final class FakeBlobs implements AutoCloseable {

    private record Blob(String etag, byte[] content) {}

    /** What every request is answered with, unless it is 0. */
    volatile int failure;

    private final Map<String, Blob> blobs = new ConcurrentHashMap<>();
    private final AtomicInteger versions = new AtomicInteger();
    private final BlobSignature signature;
    private final HttpServer server;

    FakeBlobs(String key) throws IOException {
        this.signature = new BlobSignature(key);
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    Set<String> paths() {
        return blobs.keySet();
    }

    /** Stores an object, as a builder does. */
    void put(String path, byte[] content) {
        blobs.put(path, new Blob("v" + versions.incrementAndGet(), content));
    }

    byte[] content(String path) {
        return blobs.get(path).content();
    }

    void remove(String path) {
        blobs.remove(path);
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] sent = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            String query = exchange.getRequestURI().getQuery();
            String method = exchange.getRequestMethod();
            boolean allowed =
                    query != null && query.startsWith("sig=") && signature.verify(method, path, query.substring(4));
            if (!allowed || failure != 0) {
                exchange.sendResponseHeaders(allowed ? failure : 401, -1);
                return;
            }
            Optional<Blob> blob = Optional.ofNullable(blobs.get(path));
            switch (method) {
                case "GET", "HEAD" -> get(exchange, blob);
                case "PUT" -> put(exchange, path, blob, sent);
                case "DELETE" -> {
                    blobs.remove(path);
                    exchange.sendResponseHeaders(200, -1);
                }
                default -> exchange.sendResponseHeaders(405, -1);
            }
        }
    }

    private static void get(HttpExchange exchange, Optional<Blob> blob) throws IOException {
        if (blob.isEmpty()) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        exchange.getResponseHeaders().set("Etag", blob.get().etag());
        if (blob.get().etag().equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
            exchange.sendResponseHeaders(304, -1);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
        } else {
            exchange.sendResponseHeaders(200, blob.get().content().length);
            exchange.getResponseBody().write(blob.get().content());
        }
    }

    private void put(HttpExchange exchange, String path, Optional<Blob> known, byte[] content) throws IOException {
        String replaced = exchange.getRequestHeaders().getFirst("If-Match");
        boolean anew = "*".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
        if (anew && known.isPresent()
                || replaced != null && !known.map(Blob::etag).equals(Optional.of(replaced))) {
            exchange.sendResponseHeaders(412, -1);
            return;
        }
        put(path, content);
        exchange.getResponseHeaders().set("Etag", blobs.get(path).etag());
        exchange.sendResponseHeaders(200, -1);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
