package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.base.Closer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FrontDoorTest {

    private static final String REQUEST = "GET /apps HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
            .formatted(TestController.authorization(TestController.KEY));

    private final Closer closer = new Closer();
    private final HttpServer server = new HttpServer();
    private FrontDoor door;

    @BeforeEach
    void start(@TempDir Path directory) throws IOException {
        TestController controller = closer.register(TestController.start(directory));
        var api = closer.register(new ControllerApi(controller.config, controller.controller, key -> Optional.empty()));
        Strangers strangers = closer.register(new Strangers());
        AttachHandler attach = closer.register(api.attachHandler(Runnable::run));
        door = new FrontDoor(
                api.door(address -> false), strangers, api.failures(), new Endpoints(), attach, api.audit());
        server.addListener(new NetworkListener("door", "127.0.0.1", 0));
        server.getServerConfiguration().addHttpHandler(door, "/");
        closer.register(server::shutdownNow);
        server.start();
    }

    @AfterEach
    void stop() {
        closer.close();
    }

    private static final class Endpoints extends HttpHandler {
        @Override
        public void service(Request request, Response response) {
            response.setContentLength(0);
        }
    }

    @Test
    void whenItIsShutConnectionsThatAreThereAreTurnedAway() throws IOException {
        int port = server.getListener("door").getPort();
        try (var client = new RawClient(port)) {
            client.send(REQUEST);
            assertThat(client.head()).startsWith("HTTP/1.1 200");

            door.shut();
            client.send(REQUEST);

            assertThat(client.head())
                    .startsWith("HTTP/1.1 503")
                    .containsIgnoringCase("Connection: close")
                    .containsIgnoringCase("Content-Type: application/json");
        }
    }
}
