package dev.flynn.router.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Routers beside each other, one after the other, and those whose program has died. */
@Timeout(60)
class NginxNeighboursTest {

    @TempDir
    Path directory;

    @Test
    void aDirectoryBelongsToOneRouter() throws Exception {
        try (NginxRouter router = open(RouteTable.EMPTY)) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> open(RouteTable.EMPTY))
                    .withMessageContaining("another router uses the directory " + directory);

            assertThat(status(router.httpAddress())).isEqualTo(404);
        }
        open(RouteTable.EMPTY).close();
    }

    @Test
    void aRouterServesItsTableFromTheFirstRequestOn() throws Exception {
        try (NginxRouter router = open(table())) {
            assertThat(status(router.httpAddress())).isEqualTo(503);
        }
    }

    @Test
    void oneReplacesTheOtherOnTheSamePort() throws Exception {
        var factory = new NginxRouterFactory();
        var context = new ComponentContext("host1", directory, Clock.systemUTC());
        int port = Ports.free("127.0.0.1");
        var settings = Map.of(
                "listen-ip", "127.0.0.1", "http-port", Integer.toString(port), "workers", "1", "share-ports", "true");

        Router first = factory.create(settings, context, table());
        Router second;
        try (first) {
            second = factory.create(settings, context, table());
        }
        try (second) {
            for (int i = 0; i < 20; i++) {
                assertThat(status(second.httpAddress())).isEqualTo(503);
            }
        }
        assertThat(Ports.whyTaken("127.0.0.1", port, false)).isEmpty();
    }

    @Test
    void aPortIsNotSharedUnlessAskedFor() throws Exception {
        try (NginxRouter router = open(table())) {
            int taken = router.httpAddress().getPort();
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> NginxRouter.builder(directory.resolve("other"))
                            .listenIp("127.0.0.1")
                            .httpPort(taken)
                            .sharePorts()
                            .build())
                    .withMessageContaining("127.0.0.1:" + taken);
        }
    }

    @Test
    void anNginxDoesNotOutliveItsProgram() throws Exception {
        Process program = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProgramMain.class.getName(),
                        directory.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said = program.inputReader()) {
            String line = said.readLine();
            while (line != null && !line.matches("\\d+")) {
                line = said.readLine();
            }
            ProcessHandle nginx =
                    ProcessHandle.of(Long.parseLong(String.valueOf(line))).orElseThrow();

            program.destroyForcibly().waitFor();

            await().atMost(Duration.ofSeconds(20)).until(() -> !nginx.isAlive());
        } finally {
            program.destroyForcibly();
        }
        open(RouteTable.EMPTY).close();
    }

    @Test
    void newCertificatesCostNoRunOfNginxEachAndABadOneIsTold() throws IOException {
        Path runs = directory.resolve("runs");
        Path counting = Files.writeString(directory.resolve("nginx"), """
                #!/bin/sh
                echo "$@" >>%s
                exec %s "$@"
                """.formatted(runs, NginxBinary.installed()));
        assertThat(counting.toFile().setExecutable(true)).isTrue();
        try (NginxRouter router = NginxRouter.builder(directory.resolve("router"))
                .binary(counting)
                .listenIp("127.0.0.1")
                .httpsPort(0)
                .defaultCertificate(Certificates.of("default"))
                .workers(1)
                .build()) {
            RouteTable.Builder table = RouteTable.builder();
            for (String domain : List.of("a.test", "b.test", "c.test")) {
                table.route(HttpRoute.to(domain, "web").certificate(Certificates.of(domain)));
            }
            long before = tests(runs);

            assertThat(router.apply(table.build()).problems()).isEmpty();
            assertThat(tests(runs) - before).isEqualTo(1);

            var otherKey = new RouteTable.Certificate(
                    Certificates.of("d.test").chain(), Certificates.of("d.test").key());
            table.route(HttpRoute.to("d.test", "web").id("bad").certificate(otherKey));
            assertThat(router.apply(table.build()).problems()).singleElement().satisfies(problem -> {
                assertThat(problem.routeId()).isEqualTo("bad");
                assertThat(problem.reason()).contains("key values mismatch");
            });
            table.route(HttpRoute.to("e.test", "web").certificate(Certificates.of("e.test")));
            before = tests(runs);
            assertThat(router.apply(table.build()).problems()).hasSize(1);
            assertThat(tests(runs) - before)
                    .as("what is known to be bad is not tried again")
                    .isEqualTo(1);
        }
    }

    private static long tests(Path runs) throws IOException {
        return Files.readAllLines(runs).stream()
                .filter(line -> line.contains(" -t "))
                .count();
    }

    private NginxRouter open(RouteTable table) {
        return NginxRouter.builder(directory)
                .listenIp("127.0.0.1")
                .workers(1)
                .table(table)
                .build();
    }

    private static RouteTable table() {
        return RouteTable.builder().route(HttpRoute.to("127.0.0.1", "nobody")).build();
    }

    private static int status(InetSocketAddress address) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + address.getPort());
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
