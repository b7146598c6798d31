package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A registry that does what a test tells it, also what no registry should. */
final class StubRegistry implements AutoCloseable {

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** Answers a request. */
    @FunctionalInterface
    interface Answer {

        void give(HttpExchange exchange) throws IOException;
    }

    StubRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            requests.add(path);
            try (exchange) {
                Answer answer = answers.get(path);
                if (answer == null) {
                    exchange.sendResponseHeaders(404, -1);
                } else {
                    answer.give(exchange);
                }
            }
        });
        server.start();
        on("/v2/", ok(""));
    }

    String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    StubRegistry on(String path, Answer answer) {
        answers.put(path, answer);
        return this;
    }

    void forget(String path) {
        answers.remove(path);
    }

    /** Serves an image under a tag. */
    StubRegistry image(String repository, String tag, TestImage image) {
        image.registry(tag).forEach((path, content) -> on("/v2/" + repository + "/" + path, ok(content)));
        return this;
    }

    long requests(String path) {
        return requests.stream().filter(path::equals).count();
    }

    static Answer ok(String content) {
        return ok(content.getBytes(UTF_8));
    }

    static Answer ok(byte[] content) {
        return exchange -> {
            exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
            exchange.getResponseBody().write(content);
        };
    }

    static Answer redirect(String url) {
        return exchange -> {
            exchange.getResponseHeaders().add("Location", url);
            exchange.sendResponseHeaders(307, -1);
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
