package dev.flynn.router;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.route.Route;
import dev.flynn.base.KeyPassword;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.program.RouterKinds;
import dev.flynn.router.program.RouterProgram;
import dev.flynn.router.program.RunningRouter;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A cluster's state and discovery for one test, and a router as an app of it; all that was opened is closed after the test. */
final class ProgramFixture implements AfterEachCallback {

    static final String KEY = "the-key-of-the-cluster";

    private final ClusterStore store;
    private final ClusterState state;
    private final StoreDiscovery discovery;
    private final Map<String, String> env = new HashMap<>(Map.of(
            "LISTEN_IP",
            "127.0.0.1",
            "PORT",
            "0",
            "HTTP_PORT",
            "0",
            "COOKIE_KEY",
            Base64.getEncoder().encodeToString(new byte[32])));
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    ProgramFixture() {
        this(UnaryOperator.identity());
    }

    /** @param seen how the router sees the store */
    ProgramFixture(UnaryOperator<ClusterStore> seen) {
        store = seen.apply(new MemoryClusterStore());
        state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
        discovery = StoreDiscovery.builder(store).build();
    }

    ClusterState state() {
        return state;
    }

    StoreDiscovery discovery() {
        return discovery;
    }

    Map<String, String> env() {
        return env;
    }

    RunningRouter start() {
        return closing(new RouterProgram(state, discovery, kinds(), () -> KEY).start(new Job(env)));
    }

    private static RouterKinds kinds() {
        return new RouterKinds(
                ProgramFixture.class.getClassLoader(),
                new ComponentContext("host", Path.of("unused"), Clock.systemUTC()));
    }

    TestBackend backend(String text) {
        return closing(TestBackend.saying(text));
    }

    <C extends AutoCloseable> C closing(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    Instance register(String service, TestBackend backend) {
        return register(service, backend, Map.of());
    }

    Instance register(String service, TestBackend backend, Map<String, String> meta) {
        if (!discovery.services().contains(service)) {
            discovery.createService(service, LeaderType.OLDEST);
        }
        return discovery.register(service, Instance.of("http", backend.addr(), meta));
    }

    Route addRoute(String domain, String service) {
        return addRoute(Route.http(domain, service).build());
    }

    Route addRoute(Route route) {
        Transaction.Builder creation = Transaction.builder();
        state.routes().create(creation, route.formattedId(), route);
        state.commit(creation);
        return route;
    }

    void removeRoute(Route route) {
        Transaction.Builder removal = Transaction.builder();
        state.routes().remove(removal, state.routes().get(route.formattedId()));
        state.commit(removal);
    }

    static HttpMessage get(RunningRouter router, String host) throws IOException {
        return get(router, host, "/");
    }

    static HttpMessage get(RunningRouter router, String host, String path) throws IOException {
        try (TestClient client = TestClient.connect(router.httpAddress())) {
            return client.get(host, path).readResponse();
        }
    }

    /** A request to the router's API, by somebody who has the key. */
    static HttpMessage ask(RunningRouter router, String method, String path, String body) throws IOException {
        return ask(router, method, path, body, "Authorization: " + KeyPassword.authorization(KEY));
    }

    static HttpMessage ask(RunningRouter router, String method, String path, String body, String... fields)
            throws IOException {
        try (TestClient client = TestClient.connect(router.apiAddress())) {
            List<String> lines = new ArrayList<>(List.of(
                    method + " " + path + " HTTP/1.1",
                    "Host: router",
                    "Connection: close",
                    "Content-Length: " + body.length()));
            lines.addAll(List.of(fields));
            return client.send(String.join("\r\n", lines) + "\r\n\r\n" + body).readResponse();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        discovery.close();
        store.close();
    }

    /** A job with nothing but an environment. */
    private record Job(Map<String, String> env) implements BuiltinJob {

        @Override
        public JobSpec spec() {
            return JobSpec.ofCommand(JobId.random("host"), new JobSpec.Image("builtin", "builtin:router"), List.of());
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
