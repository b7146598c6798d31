package dev.flynn.router.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The process and its files; what it does with requests is told by the kit. */
@Timeout(60)
class NginxRouterTest {

    @TempDir
    Path directory;

    @Test
    void anNginxThatDiesIsStartedAgainWithTheTableThatItHad() throws Exception {
        try (NginxRouter router = open()) {
            router.apply(table());
            assertThat(status(router)).isEqualTo(503);
            ProcessHandle first = ProcessHandle.of(router.processId()).orElseThrow();

            first.destroy();

            await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> status(router) == 503);
            assertThat(router.processId()).isNotEqualTo(first.pid());
        }
    }

    @Test
    void nothingIsLeftWhenItCloses() {
        NginxRouter router = open();
        ProcessHandle master = ProcessHandle.of(router.processId()).orElseThrow();
        assertThat(master.children()).isNotEmpty();
        ProcessHandle worker = master.children().findFirst().orElseThrow();

        router.close();

        assertThat(master.isAlive()).isFalse();
        assertThat(worker.isAlive()).isFalse();
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> router.apply(RouteTable.EMPTY));
    }

    @Test
    void anNginxThatWasLeftOverIsEndedAndNoOtherProcess() throws Exception {
        Path processId = directory.resolve("nginx.pid");
        String configuration = directory.resolve("nginx.conf").toString();
        Process leftOver = new ProcessBuilder("/bin/sh", "-c", "sleep 1000; true", configuration).start();
        Process other = new ProcessBuilder("/bin/sh", "-c", "sleep 1000; true").start();
        try {
            Files.writeString(processId, Long.toString(other.pid()));
            open().close();
            assertThat(other.isAlive()).isTrue();

            Files.writeString(processId, Long.toString(leftOver.pid()));
            open().close();
            assertThat(leftOver.isAlive()).isFalse();
        } finally {
            for (Process process : new Process[] {leftOver, other}) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        }
    }

    @Test
    void filesAreForNobodyElse() throws IOException {
        try (NginxRouter router = open()) {
            router.apply(table());
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.filter(path -> !path.endsWith("nginx.pid")).toList()) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .as(path.toString())
                            .endsWith("------");
                }
            }
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> NginxRouter.builder(directory)
                            .listenIp("127.0.0.1")
                            .httpPort(taken.getLocalPort())
                            .build())
                    .withMessageContaining("127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void aDefaultCertificateThatCannotBeUsedIsRefusedInWordsOfNginx() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> NginxRouter.builder(directory)
                        .listenIp("127.0.0.1")
                        .httpsPort(0)
                        .defaultCertificate(new RouteTable.Certificate("no chain", "no key"))
                        .build())
                .withMessageContaining("tls-cert")
                .withMessageContaining("cannot load certificate");
    }

    @Test
    void theFactoryIsFoundByNameAndRefusesWhatItDoesNotKnow() {
        RouterFactory factory = ServiceLoader.load(RouterFactory.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(found -> found.name().equals("nginx"))
                .findFirst()
                .orElseThrow();
        ComponentContext context = new ComponentContext("host1", directory, Clock.systemUTC());

        try (Router router =
                factory.create(Map.of("listen-ip", "127.0.0.1", "http-port", "0", "workers", "1"), context)) {
            assertThat(router.httpAddress().getPort()).isPositive();
        }
        for (var wrong : Map.of("http-prot", "80", "workers", "0", "cookie-key", "??", "close-grace", "5s")
                .entrySet()) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> factory.create(Map.of(wrong.getKey(), wrong.getValue()), context)
                            .close())
                    .withMessageContaining(wrong.getKey());
        }
    }

    private NginxRouter open() {
        return NginxRouter.builder(directory).listenIp("127.0.0.1").workers(1).build();
    }

    private static RouteTable table() {
        return RouteTable.builder().route(HttpRoute.to("127.0.0.1", "nobody")).build();
    }

    private static int status(Router router) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + router.httpAddress().getPort());
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
