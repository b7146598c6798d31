package dev.flynn.acme;

import static org.awaitility.Awaitility.await;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.spi.dns.DnsChallengeProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A real certificate authority for tests, {@code pebble}, and the DNS that it asks. It forgets everything when it is
 * restarted, refuses good nonces as bad ones now and then, and uses valid authorizations again only half of the time.
 */
final class Pebble implements AutoCloseable {

    private static final String LOOPBACK = "127.0.0.1";

    private final Path directory;
    private final Set<Integer> taken = new HashSet<>();
    private final int port = freePort();
    private final int managementPort = freePort();
    private final int dnsPort = freePort();
    private final int dnsManagementPort = freePort();
    private final int httpPort = freePort();
    private final int tlsPort = freePort();
    private final String certificate;
    private final Duration validity;
    private final Map<String, String> environment = new HashMap<>();
    private final List<Process> processes = new ArrayList<>();
    private final HttpClient client = HttpClient.newHttpClient();

    /** @param validity of what it issues */
    Pebble(Path directory, Duration validity, Map<String, String> environment) throws Exception {
        this.directory = directory;
        this.validity = validity;
        this.environment.put("PEBBLE_VA_NOSLEEP", "1");
        this.environment.put("PEBBLE_WFE_NONCEREJECT", "15");
        this.environment.putAll(environment);
        KeyPair keys = Keys.create();
        this.certificate = ownCertificate(keys);
        Files.writeString(directory.resolve("cert.pem"), certificate);
        Files.writeString(directory.resolve("key.pem"), Keys.pem(keys));
        try {
            run(
                    "pebble-challtestsrv",
                    "-defaultIPv4",
                    LOOPBACK,
                    "-defaultIPv6",
                    "",
                    "-dns01",
                    LOOPBACK + ":" + dnsPort,
                    "-http01",
                    "",
                    "-https01",
                    "",
                    "-tlsalpn01",
                    "",
                    "-management",
                    LOOPBACK + ":" + dnsManagementPort);
            awaitPort(dnsManagementPort);
            start();
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    private void start() throws IOException {
        Path config = directory.resolve("pebble.json");
        Files.writeString(config, """
                {"pebble": {"listenAddress": "%1$s:%2$d", "managementListenAddress": "%1$s:%3$d",
                  "certificate": "%4$s/cert.pem", "privateKey": "%4$s/key.pem", "httpPort": %5$d, "tlsPort": %6$d,
                  "certificateValidityPeriod": %7$d}}
                """.formatted(
                        LOOPBACK, port, managementPort, directory, httpPort, tlsPort, validity.toSeconds()));
        run("pebble", "-config", config.toString(), "-dnsserver", LOOPBACK + ":" + dnsPort);
        awaitPort(port);
    }

    /** As another one that knows nothing of before. */
    void restart() throws Exception {
        end(processes.remove(1));
        start();
    }

    /** Where it asks for the tokens of HTTP-01. */
    int httpPort() {
        return httpPort;
    }

    /** Where it shakes hands for TLS-ALPN-01. */
    int tlsPort() {
        return tlsPort;
    }

    AcmeSettings settings() {
        return AcmeSettings.of("https://%s:%d/dir".formatted(LOOPBACK, port)).withCaCert(certificate);
    }

    /** Sets records in the DNS that it asks. */
    DnsChallengeProvider dns() {
        return new DnsChallengeProvider() {
            @Override
            public void present(String name, String value) {
                post("/set-txt", "{\"host\":\"%s\",\"value\":\"%s\"}".formatted(name, value));
            }

            @Override
            public void cleanUp(String name, String value) {
                post("/clear-txt", "{\"host\":\"%s\"}".formatted(name));
            }

            @Override
            public void close() {}
        };
    }

    /** How often somebody asked for the TXT records of a name. */
    String dnsHistory(String name) {
        return post("/dns-request-history", "{\"host\":\"%s\"}".formatted(name));
    }

    private String post(String path, String json) {
        try {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create("http://%s:%d%s".formatted(LOOPBACK, dnsManagementPort, path)))
                            .POST(HttpRequest.BodyPublishers.ofString(json))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run(String... command) throws IOException {
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(command[0] + ".log").toFile()));
        builder.environment().putAll(environment);
        processes.add(builder.start());
    }

    private static void awaitPort(int port) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() -> {
                    new Socket(LOOPBACK, port).close();
                    return true;
                });
    }

    /** One that the system gives to no outgoing connection. */
    private int freePort() {
        while (true) {
            int candidate = ThreadLocalRandom.current().nextInt(20_000, 30_000);
            try (ServerSocket probe = new ServerSocket(candidate, 1, InetAddress.getByName(LOOPBACK))) {
                if (taken.add(candidate)) {
                    return probe.getLocalPort();
                }
            } catch (IOException e) {
                // the next one
            }
        }
    }

    private static String ownCertificate(KeyPair keys) throws Exception {
        X500Name name = new X500Name("CN=pebble");
        Instant now = Instant.now();
        byte[] der = new JcaX509v3CertificateBuilder(
                        name,
                        BigInteger.ONE,
                        Date.from(now.minusSeconds(3600)),
                        Date.from(now.plusSeconds(86_400)),
                        name,
                        keys.getPublic())
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                .addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.iPAddress, LOOPBACK)))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                .getEncoded();
        return Keys.pem("CERTIFICATE", der);
    }

    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    @Override
    public void close() throws Exception {
        for (Process process : processes) {
            end(process);
        }
    }
}
