package com.example.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.router.NettyRouter;
import dev.flynn.spi.router.RouteTable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EmbedRouterTest {

    private final List<HttpServer> backends = new ArrayList<>();

    @AfterEach
    void stopBackends() {
        backends.forEach(backend -> backend.stop(0));
    }

    @Test
    void eachHostReachesItsOwnBackends() throws IOException {
        try (NettyRouter router = EmbedRouter.start(0, backend("shop"), backend("blog"))) {
            assertThat(get(router, "shop.localhost")).endsWith("shop");
            assertThat(get(router, "BLOG.localhost:8080")).endsWith("blog");
            assertThat(get(router, "other.localhost")).startsWith("HTTP/1.1 404");
        }
    }

    @Test
    void anotherTableIsServedAtOnce() throws IOException {
        try (NettyRouter router = EmbedRouter.start(0, backend("shop"), backend("blog"))) {
            router.apply(RouteTable.EMPTY);

            assertThat(get(router, "shop.localhost")).startsWith("HTTP/1.1 404");
        }
    }

    private String backend(String answer) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        byte[] body = answer.getBytes(StandardCharsets.US_ASCII);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        backends.add(server);
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** The whole response, since clients of the JDK do not let us choose the host. */
    private static String get(NettyRouter router, String host) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), router.httpAddress().getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(host)
                            .getBytes(StandardCharsets.US_ASCII));
            var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            var text = new StringBuilder();
            for (int next = reader.read(); next >= 0; next = reader.read()) {
                text.append((char) next);
            }
            return text.toString();
        }
    }
}
