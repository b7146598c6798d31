package dev.flynn.distro.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServiceArchivesTest {

    private static final URI STACK = URI.create("http://blobstore.discoverd/stack.tar?x=1");

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();
    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server;
    private volatile int status = 200;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                int asked = requests.incrementAndGet();
                String key = Base64.getEncoder().encodeToString(":key".getBytes(UTF_8));
                boolean known =
                        ("Basic " + key).equals(exchange.getRequestHeaders().getFirst("Authorization"));
                int answer = !known ? 401 : status == 503 && asked > 1 ? 200 : status;
                byte[] body = exchange.getRequestURI().toString().getBytes(UTF_8);
                exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/");
                exchange.sendResponseHeaders(answer, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        discovery.close();
        store.close();
    }

    @Test
    void aServiceIsFoundByDiscoveryAndToldTheKey() throws IOException {
        register();
        try (InputStream in = archives(Duration.ZERO).open(STACK)) {
            assertThat(new String(in.readAllBytes(), UTF_8)).isEqualTo("/stack.tar?x=1");
        }
    }

    @Test
    void oneThatIsBusyOrNotThereYetIsWaitedFor() throws IOException {
        status = 503;
        register();
        try (InputStream in = archives(Duration.ofSeconds(20)).open(STACK)) {
            assertThat(in.readAllBytes()).isNotEmpty();
        }
        assertThat(requests).hasValue(2);
        assertThatThrownBy(() -> archives(Duration.ZERO).open(URI.create("http://none.discoverd/x")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the service none has no instance now");
    }

    @Test
    void aRefusalIsNotRepeatedAndNobodyElseIsToldTheKey() {
        register();
        for (int refusal : new int[] {404, 302}) {
            status = refusal;
            int before = requests.get();
            assertThatThrownBy(() -> archives(Duration.ofSeconds(20)).open(STACK))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("http://blobstore.discoverd/stack.tar")
                    .hasMessageContaining("status " + refusal);
            assertThat(requests.get() - before).isEqualTo(1);
        }
    }

    private ServiceArchives archives(Duration patience) {
        return new ServiceArchives(discovery, () -> "key", patience);
    }

    @Test
    void aServiceOfAnAppIsNotToldTheKey() {
        register("app-web");
        assertThatThrownBy(() -> archives(Duration.ZERO).open(URI.create("http://app-web.discoverd/x")))
                .hasMessageContaining("status 401");
    }

    private void register() {
        register("blobstore");
    }

    private void register(String service) {
        String address = "127.0.0.1:" + server.getAddress().getPort();
        discovery.createService(service, LeaderType.OLDEST);
        var unused = discovery.register(service, Instance.of("tcp", address, Map.of()));
    }
}
