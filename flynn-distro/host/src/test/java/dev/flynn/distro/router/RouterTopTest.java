package dev.flynn.distro.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.route.Route;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.distro.cluster.LinkAddressFile;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.router.program.RouterKinds;
import dev.flynn.router.program.RouterProgram;
import dev.flynn.router.program.RunningRouter;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code flynn-host router top} with two routers that carry requests. */
class RouterTopTest {

    private static final FlynnJson JSON = new FlynnJson();

    @TempDir
    Path data;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final MemoryClusterStore store = closing(new MemoryClusterStore());
    private final StoreDiscovery discovery =
            closing(StoreDiscovery.builder(store).build());
    private final ClusterState state = new ClusterState(store, JSON, Clock.systemUTC());
    private final StringWriter out = new StringWriter();
    private final AtomicBoolean done = new AtomicBoolean();

    @BeforeEach
    void open() {
        var files = new IdentityFiles(data.resolve("identity"));
        HostIdentity identity = files.found("host1", Instant.now());
        var credentials = new HostCredentials(identity, new RemovedHosts(files), Clock.systemUTC());
        HostLink link = closing(HostLink.builder(credentials)
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .build());
        closing(RouterService.serve(link, discovery, () -> "key", JSON));
        LinkAddressFile.write(data, link.advertisedAddress());
        discovery.createService("router-api", LeaderType.OLDEST);
    }

    @AfterEach
    void close() throws Exception {
        done.set(true);
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    @Test
    void theRoutesOfAllRoutersAreShownWithTheirRates() {
        Route route = Route.http("shop.example.org", "shop").build();
        Transaction.Builder creation = Transaction.builder();
        state.routes().create(creation, route.formattedId(), route);
        state.commit(creation);
        requestFrom(router());
        requestFrom(router());

        int status = run("top", "--once", "--interval", "0.5", "--json");

        assertThat(status).isZero();
        JsonNode shown = JSON.readTree(out.toString());
        assertThat(shown.path("routers").asInt()).isEqualTo(2);
        assertThat(shown.path("errors")).isEmpty();
        JsonNode first = shown.path("routes").path(0);
        assertThat(first.path("name").asText()).isEqualTo("shop.example.org/");
        assertThat(first.path("requests").asDouble()).isPositive();
        assertThat(first.path("failures").asDouble()).isPositive();
    }

    @Test
    void aRouterThatDoesNotAnswerIsNamed() throws IOException {
        String gone;
        try (Socket bound = new Socket()) {
            bound.bind(new InetSocketAddress("127.0.0.1", 0));
            gone = "127.0.0.1:" + bound.getLocalPort();
            discovery.register("router-api", Instance.of("tcp", gone, Map.of()));

            run("top", "--once", "--interval", "0.1");
        }

        assertThat(out.toString())
                .startsWith("REQ/S  ACTIVE  P50  P99  FAILED  REFUSED  RETRIES  IN  OUT  ROUTE")
                .contains("router at " + gone + " does not answer");
    }

    @Test
    void aWrongOptionIsRefusedByName() {
        var failure = new StringWriter();

        assertThat(commandLine()
                        .setExecutionExceptionHandler((e, line, parsed) -> {
                            failure.write(String.valueOf(e.getMessage()));
                            return 1;
                        })
                        .execute("top", "--data-dir", data.toString(), "--interval", "0"))
                .isEqualTo(1);
        assertThat(failure.toString()).contains("--interval must be 0.1 to 3600 seconds");
    }

    private int run(String... args) {
        String[] all = Arrays.copyOf(args, args.length + 2);
        all[args.length] = "--data-dir";
        all[args.length + 1] = data.toString();
        return commandLine().execute(all);
    }

    private CommandLine commandLine() {
        return new CommandLine(new RouterCommand()).setOut(new PrintWriter(out));
    }

    private RunningRouter router() {
        var router = closing(new RouterProgram(state, discovery, kinds(), () -> "key").start(new Job()));
        discovery.register(
                "router-api",
                Instance.of("tcp", "127.0.0.1:" + router.apiAddress().getPort(), Map.of()));
        return router;
    }

    private RouterKinds kinds() {
        return new RouterKinds(
                RouterTopTest.class.getClassLoader(), new ComponentContext("host1", data, Clock.systemUTC()));
    }

    /** There is nobody behind the route: each answer is a 503. */
    private void requestFrom(RunningRouter router) {
        var client = new Thread(() -> {
            while (!done.get()) {
                assertThatCode(() -> request(router)).doesNotThrowAnyException();
            }
        });
        client.setDaemon(true);
        client.start();
        opened.push(() -> {
            done.set(true);
            client.join(10_000);
        });
    }

    private static void request(RunningRouter router) throws IOException {
        try (Socket socket = new Socket(
                router.httpAddress().getAddress(), router.httpAddress().getPort())) {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: shop.example.org\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 503");
        }
    }

    private <C extends AutoCloseable> C closing(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    private record Job() implements BuiltinJob {

        @Override
        public JobSpec spec() {
            return JobSpec.ofCommand(JobId.random("host1"), new JobSpec.Image("builtin", "builtin:router"), List.of());
        }

        @Override
        public Map<String, String> env() {
            return Map.of(
                    "LISTEN_IP",
                    "127.0.0.1",
                    "HTTP_PORT",
                    "0",
                    "COOKIE_KEY",
                    Base64.getEncoder().encodeToString(new byte[32]));
        }

        @Override
        public PrintStream out() {
            return System.out;
        }

        @Override
        public PrintStream err() {
            return System.err;
        }

        @Override
        public void fail(Throwable reason) {
            throw new AssertionError(reason);
        }
    }
}
