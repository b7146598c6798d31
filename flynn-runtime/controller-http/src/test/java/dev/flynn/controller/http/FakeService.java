package dev.flynn.controller.http;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A service of the cluster that only notes what it is asked. */
final class FakeService implements AutoCloseable {

    final List<String> requests = new CopyOnWriteArrayList<>();
    volatile int status = 200;

    private final HttpServer server;

    FakeService(TestController controller, String name) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        controller.discovery.createService(name, LeaderType.OLDEST);
        controller.discovery.register(
                name, Instance.of("http", "127.0.0.1:" + server.getAddress().getPort(), Map.of()));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
