package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.TcpRoute;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A router for one test, with a table to build; everything that was opened here is closed after the test.
 *
 * <p>The system property {@code router.transport} makes all tests run on another transport than the machine's best, and {@code
 * router.tls} with another engine of TLS.
 */
final class RouterFixture implements AfterEachCallback {

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<HttpRoute> routes = new ArrayList<>();
    private final List<TcpRoute> tcpRoutes = new ArrayList<>();
    private final Map<String, List<Backend>> backends = new HashMap<>();
    private UnaryOperator<NettyRouter.Builder> settings = builder -> builder;
    private Optional<NettyRouter> router = Optional.empty();

    /** Call before the router is used. */
    RouterFixture with(UnaryOperator<NettyRouter.Builder> changed) {
        UnaryOperator<NettyRouter.Builder> earlier = settings;
        settings = builder -> changed.apply(earlier.apply(builder));
        return this;
    }

    NettyRouter router() {
        if (router.isEmpty()) {
            router = Optional.of(settings.apply(NettyRouter.builder()
                            .listenIp("127.0.0.1")
                            .httpPort(0)
                            .transport(transport())
                            .tlsEngine(System.getProperty("router.tls", "auto"))
                            .table(table()))
                    .build());
        }
        return router.get();
    }

    /** A route to a service of the same name. */
    RouterFixture route(String domain, TestBackend... instances) {
        route(domain, "/", domain);
        List<String> addrs = new ArrayList<>();
        for (TestBackend instance : instances) {
            addrs.add(instance.addr());
        }
        return backends(domain, addrs.toArray(String[]::new));
    }

    RouterFixture route(String domain, String path, String service) {
        return route(HttpRoute.to(domain, service).path(path).build());
    }

    RouterFixture route(HttpRoute route) {
        routes.add(route);
        return apply();
    }

    RouterFixture route(TcpRoute route) {
        tcpRoutes.removeIf(other -> other.port() == route.port());
        tcpRoutes.add(route);
        return apply();
    }

    RouterFixture removeTcpRoute(int port) {
        tcpRoutes.removeIf(route -> route.port() == port);
        return apply();
    }

    /** Connects to the port of a TCP route. */
    TestClient client(int port) {
        InetSocketAddress address = new InetSocketAddress(router().httpAddress().getAddress(), port);
        return closing(TestClient.connect(address));
    }

    /** A port that nobody uses, and that the system gives to no outgoing connection. */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
                return probe.getLocalPort();
            } catch (IOException taken) {
                // the next one
            }
        }
    }

    RouterFixture removeRoutes(String domain) {
        routes.removeIf(route -> route.domain().equals(domain));
        return apply();
    }

    /** The first address leads. */
    RouterFixture backends(String service, String... addrs) {
        List<Backend> ofService = new ArrayList<>();
        for (String addr : addrs) {
            ofService.add(new Backend(addr, ofService.isEmpty()));
        }
        backends.put(service, ofService);
        return apply();
    }

    TestBackend open(TestBackend backend) {
        opened.push(backend);
        return backend;
    }

    /** An address that is taken, so that nobody will listen there during the test. */
    String deadAddress() {
        try {
            Socket socket = closing(new Socket());
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return "127.0.0.1:" + socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    <C extends AutoCloseable> C closing(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    TestClient client() {
        return closing(TestClient.connect(router().httpAddress()));
    }

    /** One GET over a connection of its own. */
    HttpMessage get(String host, String target, String... fields) throws IOException {
        try (TestClient client = TestClient.connect(router().httpAddress())) {
            return client.get(host, target, fields).readResponse();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        router.ifPresent(NettyRouter::close);
        await().untilAsserted(() -> assertThat(pooledBytesInUse())
                .as("bytes of buffers that nobody released")
                .isZero());
    }

    private static Transport transport() {
        return Transport.valueOf(
                System.getProperty("router.transport", Transport.best().name()));
    }

    private static long pooledBytesInUse() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    RouteTable table() {
        return new RouteTable(routes, tcpRoutes, backends);
    }

    private RouterFixture apply() {
        router.ifPresent(running -> running.apply(table()));
        return this;
    }
}
