package dev.flynn.discoverd;

import dev.flynn.base.Closer;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** discoverd on any free port, and a client that sends what it is told. */
final class TestServer implements AutoCloseable {

    private final Closer closer = new Closer();
    final StoreDiscovery discovery;
    final Discoverd discoverd;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    TestServer() {
        this(Duration.ofSeconds(30));
    }

    TestServer(Duration keepAlive) {
        this(keepAlive, null);
    }

    TestServer(Duration keepAlive, @Nullable ClusterPeers peers) {
        discovery = closer.register(StoreDiscovery.builder(closer.register(new MemoryClusterStore()))
                .ttl(Duration.ofMinutes(10))
                .build());
        var builder = Discoverd.builder(discovery, new InetSocketAddress("127.0.0.1", 0))
                .keepAlive(keepAlive);
        discoverd = closer.register((peers == null ? builder : builder.peers(peers)).start());
    }

    String url(String path) {
        return "http://127.0.0.1:" + discoverd.address().getPort() + path;
    }

    int port() {
        return discoverd.address().getPort();
    }

    HttpResponse<String> get(String path) {
        return send("GET", path, null);
    }

    HttpResponse<String> put(String path, String body) {
        return send("PUT", path, body);
    }

    HttpResponse<String> delete(String path) {
        return send("DELETE", path, null);
    }

    HttpResponse<String> send(String method, String path, @Nullable String body) {
        try {
            return client.send(
                    HttpRequest.newBuilder(URI.create(url(path)))
                            .timeout(Duration.ofSeconds(20))
                            .method(
                                    method,
                                    body == null
                                            ? HttpRequest.BodyPublishers.noBody()
                                            : HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    RawStream stream(String path, boolean accept) throws IOException {
        return closer.register(new RawStream(port(), path, accept));
    }

    @Override
    public void close() {
        closer.close();
    }
}
