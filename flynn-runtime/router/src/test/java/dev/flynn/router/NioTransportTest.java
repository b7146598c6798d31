package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The transport of machines without epoll does the same; the property of {@link RouterFixture} runs every test on it. */
class NioTransportTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture().with(builder -> builder.transport(Transport.NIO));

    @Test
    void carriesRequestsAndTunnels() throws Exception {
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> {
            if (request.field("Upgrade").isPresent()) {
                connection.send("HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
                connection.in().transferTo(connection.out());
                connection.socket().shutdownOutput();
            } else {
                connection.respond(request.text());
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        String body = "0123456789abcdef".repeat(100_000);

        assertThat(client.post("app", "/", body).readResponse().text()).isEqualTo(body);
        assertThat(client.post("app", "/", "again").readResponse().text()).isEqualTo("again");
        client.get("app", "/", "Connection: upgrade", "Upgrade: x").readHead();
        client.send("raw");
        client.socket().shutdownOutput();

        assertThat(client.in().readAllBytes()).asString().isEqualTo("raw");
        assertThat(backend.connections()).isEqualTo(2);
    }
}
