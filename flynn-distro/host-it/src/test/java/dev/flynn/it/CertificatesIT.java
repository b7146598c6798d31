package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide's certificates.md, with pebble in the place of Let's Encrypt. */
class CertificatesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final int dnsPort = Processes.freePort();
    private @Nullable OneHost host;

    @AfterEach
    void close() {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void aRouteGetsACertificateAndStillHasItAfterTheHostWasKilled() throws Exception {
        OneHost started = OneHost.start(directory);
        host = started;
        Shell shell = Shell.at(started.home());
        int port = Processes.freePort();
        Path config = authority(started, shell, port);
        Process pebble = start("pebble", "-config", config.toString(), "-dnsserver", "127.0.0.1:" + dnsPort);
        Process dns = start(
                "pebble-challtestsrv",
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
                "-dns01",
                "127.0.0.1:" + dnsPort,
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                "127.0.0.1:" + Processes.freePort());
        try {
            await().atMost(PATIENCE)
                    .until(() -> shell.run("curl -sk https://127.0.0.1:%d/dir || true".formatted(port))
                            .contains("newOrder"));
            shell.run("flynn cluster acme enable --agree-terms --directory https://127.0.0.1:%d/dir --ca %s"
                    .formatted(port, directory.resolve("ca.pem")));
            shell.run("flynn create shop");
            String route = shell.run("flynn -a shop route add http --auto-tls shop.example.org")
                    .strip();

            await().atMost(PATIENCE)
                    .until(() -> shell.run("flynn -a shop route show " + route).contains("issued, until"));
            assertThat(shell.run("flynn cluster acme")).containsPattern("shop.example.org +issued");
            assertThat(shown(started, shell)).contains("Pebble Intermediate CA");
        } finally {
            pebble.destroyForcibly().waitFor();
            dns.destroyForcibly().waitFor();
        }

        String before = shown(started, shell);
        started.kill();
        started.up();
        await().atMost(PATIENCE).until(() -> shown(started, shell).equals(before));
    }

    /** Issuer and serial number of the certificate that the router shows. */
    private static String shown(OneHost host, Shell shell) {
        return shell.run(
                "openssl s_client -connect 127.0.0.1:%d -servername shop.example.org </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial"
                        .formatted(host.httpsPort()));
    }

    private Path authority(OneHost host, Shell shell, int port) throws IOException {
        shell.run(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %1$s/key.pem -out %1$s/ca.pem -days 2 -subj /CN=pebble -addext subjectAltName=IP:127.0.0.1"
                        .formatted(directory));
        Path config = directory.resolve("pebble.json");
        Files.writeString(
                config, """
                {"pebble": {"listenAddress": "127.0.0.1:%1$d", "managementListenAddress": "127.0.0.1:%2$d",
                  "certificate": "%3$s/ca.pem", "privateKey": "%3$s/key.pem", "httpPort": %4$d, "tlsPort": %5$d}}
                """.formatted(port, Processes.freePort(), directory, host.httpPort(), host.httpsPort()));
        return config;
    }

    private Process start(String... command) throws IOException {
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(command[0] + ".log").toFile()));
        builder.environment().put("PEBBLE_VA_NOSLEEP", "1");
        return builder.start();
    }
}
