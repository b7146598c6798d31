package dev.flynn.router.program;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UnavailablePageTest {

    private HttpServer server;

    @BeforeEach
    void open() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    @Test
    void aPageIsFetched() {
        serve("/page", 200, "<h1>soon</h1>".getBytes(StandardCharsets.UTF_8));

        assertThat(UnavailablePage.fetch(url("/page")))
                .hasValueSatisfying(page -> assertThat(page).asString().isEqualTo("<h1>soon</h1>"));
    }

    @Test
    void aPageMayBeOfAMillionBytesAndNotOfMore() {
        serve("/longest", 200, new byte[UnavailablePage.MAX_BYTES]);
        serve("/longer", 200, new byte[UnavailablePage.MAX_BYTES + 1]);

        assertThat(UnavailablePage.fetch(url("/longest"))).isPresent();
        assertThat(UnavailablePage.fetch(url("/longer"))).isEmpty();
    }

    @Test
    void whatCannotBeHadIsDoneWithout() {
        assertThat(UnavailablePage.fetch(url("/missing"))).isEmpty();
        URI gone = url("/");
        server.stop(0);
        assertThat(UnavailablePage.fetch(gone)).isEmpty();
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private void serve(String path, int status, byte[] body) {
        server.createContext(path, exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(status, body.length);
                exchange.getResponseBody().write(body);
            }
        });
    }
}
