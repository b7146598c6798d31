package dev.flynn.git;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.base.BlobSignature;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A blobstore that knows which objects there are, and lets in those with a signed URL only. */
final class FakeBlobs implements AutoCloseable {

    final Set<String> paths = ConcurrentHashMap.newKeySet();

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

    private void answer(HttpExchange exchange) throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        exchange.sendResponseHeaders(
                status(method, path, exchange.getRequestURI().getQuery()), -1);
        exchange.close();
    }

    private int status(String method, String path, String query) {
        if (query == null || !query.startsWith("sig=") || !signature.verify(method, path, query.substring(4))) {
            return 401;
        }
        return switch (method) {
            case "HEAD" -> paths.contains(path) ? 200 : 404;
            case "PUT" -> {
                paths.add(path);
                yield 200;
            }
            case "DELETE" -> {
                paths.remove(path);
                yield 200;
            }
            default -> 405;
        };
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
