package dev.flynn.discovery.etcd;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An etcd process of the tests' own. Without the program the tests fail; {@code script/test} installs it. */
final class TestEtcd implements AutoCloseable {

    private final Path directory;
    private final boolean tls;
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private Process process;

    TestEtcd(Path directory) {
        this(directory, false);
    }

    /** @param tls whether it makes itself a certificate */
    TestEtcd(Path directory, boolean tls) {
        this.directory = directory;
        this.tls = tls;
        start();
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it, on the same directory and ports each time. */
    void start() {
        String peers = "http://127.0.0.1:" + peerPort;
        var command = new ProcessBuilder(
                        "etcd",
                        "--name=test",
                        "--data-dir=" + directory,
                        "--listen-client-urls=" + url(),
                        "--advertise-client-urls=" + url(),
                        "--listen-peer-urls=" + peers,
                        "--initial-advertise-peer-urls=" + peers,
                        "--initial-cluster=test=" + peers,
                        "--auto-tls=" + tls,
                        "--log-level=error")
                .redirectErrorStream(true)
                .redirectOutput(directory
                        .resolveSibling(directory.getFileName() + ".log")
                        .toFile());
        command.environment().put("ETCD_UNSUPPORTED_ARCH", "arm64");
        try {
            process = command.start();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "these tests need the program etcd: run script/test, or install etcd-server", e);
        }
        await().atMost(Duration.ofSeconds(30)).until(this::accepts);
    }

    private boolean accepts() {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), clientPort)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    private String url() {
        return (tls ? "https" : "http") + "://127.0.0.1:" + clientPort;
    }

    int port() {
        return clientPort;
    }

    Path certificate() {
        return directory.resolve("fixtures/client/cert.pem");
    }

    EtcdConfig config(String member, Duration ttl) {
        return new EtcdConfig(List.of(URI.create(url())), member, EtcdConfig.DEFAULT_PREFIX, ttl);
    }

    /** The power is cut. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
