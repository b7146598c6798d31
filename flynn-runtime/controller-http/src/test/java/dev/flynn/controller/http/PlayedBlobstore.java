package dev.flynn.controller.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The cluster's blobstore, for whoever has the key. */
final class PlayedBlobstore implements AutoCloseable {

    /** What it has, by the path. */
    final Map<String, String> blobs = new ConcurrentHashMap<>();

    private final HttpServer server;

    PlayedBlobstore(TestController controller) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        controller.discovery.createService("blobstore", LeaderType.OLDEST);
        controller.discovery.register(
                "blobstore",
                Instance.of("http", "127.0.0.1:" + server.getAddress().getPort(), Map.of()));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        boolean known = blobs.containsKey(path);
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        if (!TestController.authorization(TestController.KEY).equals(authorization)) {
            exchange.sendResponseHeaders(401, -1);
        } else if (exchange.getRequestMethod().equals("PUT")) {
            boolean refused = known && "*".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
            String content;
            try {
                content = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException endedEarly) {
                exchange.close();
                return;
            }
            if (!refused) {
                blobs.put(path, content);
            }
            exchange.sendResponseHeaders(refused ? 412 : 200, -1);
        } else if (exchange.getRequestMethod().equals("DELETE")) {
            blobs.remove(path);
            exchange.sendResponseHeaders(200, -1);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(known ? 200 : 404, -1);
        } else {
            byte[] content = blobs.getOrDefault(path, "").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(known ? 200 : 404, known ? content.length : -1);
            exchange.getResponseBody().write(content);
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
