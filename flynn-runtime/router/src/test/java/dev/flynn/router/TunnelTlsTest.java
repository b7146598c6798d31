package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.router.tls.OpenSslTls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to TLS by OpenSSL in an upgraded connection; how it ends is with the others in {@link UpgradeTest}. */
class TunnelTlsTest {

    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture()
            .with(builder -> builder.httpsPort(0)
                    .defaultCertificate(TestCertificates.named("default"))
                    .tlsEngine("openssl"));

    private final CompletableFuture<Integer> received = new CompletableFuture<>();

    @BeforeEach
    void serve() {
        assumeTrue(OpenSslTls.whyMissing().isEmpty(), "the native library is for Linux on x86_64 only");
        fixture.route("app", fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send(SWITCH);
            try {
                received.complete((int) connection.in().transferTo(connection.out()));
            } catch (IOException e) {
                received.completeExceptionally(e);
            }
        })));
    }

    private InetSocketAddress address() {
        return fixture.router().httpsAddress().orElseThrow();
    }

    private TestClient upgraded(SSLSocket socket) throws Exception {
        TestClient client = fixture.closing(new TestClient(socket));
        client.get("app", "/", "Connection: upgrade", "Upgrade: raw").readHead();
        return client;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void recordsMayComeInPieces(int pieceBytes) throws Exception {
        var relay = fixture.closing(new Relay(address(), pieceBytes));
        TestClient client = upgraded(TestCertificates.socket(relay.address(), "app"));
        byte[] data = new byte[pieceBytes * 100];
        new Random(1).nextBytes(data);

        client.out().write(data);

        assertThat(Arrays.equals(HttpMessage.readExactly(client.in(), data.length), data))
                .isTrue();
    }

    @Test
    void aRecordThatWasTamperedWithEndsTheTunnel() throws Exception {
        var relay = fixture.closing(new Relay(address(), 1 << 16));
        TestClient client = upgraded(TestCertificates.socket(relay.address(), "app"));
        client.send("true");
        assertThat(HttpMessage.readExactly(client.in(), 4)).asString().isEqualTo("true");

        relay.tampers = true;
        client.send("false");

        assertThatThrownBy(() -> client.in().read()).hasMessageContaining("bad_record_mac");
        assertThat(received.handle((bytes, broken) -> bytes == null ? 4 : bytes).get(10, TimeUnit.SECONDS))
                .isEqualTo(4);
    }

    @Test
    void newKeysAreTakenAndAnswered() throws Exception {
        Process client = new ProcessBuilder(
                        "openssl",
                        "s_client",
                        "-connect",
                        "127.0.0.1:" + address().getPort())
                .redirectErrorStream(true)
                .start();
        fixture.closing(client::destroyForcibly);
        var said = new StringBuffer();
        Thread reader = new Thread(() -> read(client, said), "openssl");
        reader.start();
        OutputStream input = client.getOutputStream();

        say(input, "GET / HTTP/1.1\r\nHost: app\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n");
        await().until(() -> said.indexOf("101 Switching") >= 0);
        say(input, "K\n");
        await().until(() -> said.indexOf("KEYUPDATE") >= 0);
        say(input, "after new keys\n");
        await().until(() -> said.indexOf("after new keys") >= 0);
        say(input, "K\n");
        await().until(() -> said.lastIndexOf("KEYUPDATE") > said.indexOf("after new keys"));
        say(input, "and once more\n");
        await().until(() -> said.indexOf("and once more") >= 0);

        assertThat(said.toString()).doesNotContain(":error:");
    }

    @Test
    void anEarlierVersionEndsBothWaysAtOnce() throws Exception {
        SSLSocket socket = TestCertificates.socket(address(), "app");
        socket.setEnabledProtocols(new String[] {"TLSv1.2"});
        TestClient client = upgraded(socket);
        client.send("one");
        assertThat(HttpMessage.readExactly(client.in(), 3)).asString().isEqualTo("one");

        socket.shutdownOutput();

        assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(3);
        await().until(() -> socket.isInputShutdown() || client.in().read() < 0);
    }

    @Test
    void aClientThatLeavesWithoutAWordEndsTheTunnel() throws Exception {
        var relay = fixture.closing(new Relay(address(), 1 << 16));
        TestClient client = upgraded(TestCertificates.socket(relay.address(), "app"));
        client.send("one");
        assertThat(HttpMessage.readExactly(client.in(), 3)).asString().isEqualTo("one");

        relay.close();

        assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(3);
    }

    private static void say(OutputStream input, String text) throws IOException {
        input.write(text.getBytes(StandardCharsets.US_ASCII));
        input.flush();
    }

    private static void read(Process process, StringBuffer said) {
        try (var lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            lines.lines().forEach(line -> said.append(line).append('\n'));
        } catch (IOException | UncheckedIOException ended) {
            // with the process
        }
    }

    /** Passes the bytes of one connection on in pieces, and may change them on the way to the router. */
    private static final class Relay implements AutoCloseable {

        private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final Socket out = new Socket();
        private final InetSocketAddress to;
        private final int pieceBytes;
        private volatile Socket in = new Socket();
        private volatile boolean tampers;

        Relay(InetSocketAddress to, int pieceBytes) throws IOException {
            this.to = to;
            this.pieceBytes = pieceBytes;
            new Thread(this::run, "relay").start();
        }

        InetSocketAddress address() {
            return (InetSocketAddress) listener.getLocalSocketAddress();
        }

        private void run() {
            try {
                in = listener.accept();
                out.connect(to);
                out.setTcpNoDelay(true);
                in.setTcpNoDelay(true);
                new Thread(() -> pass(out, in, false), "relay-back").start();
                pass(in, out, true);
            } catch (IOException closed) {
                // with the test
            }
        }

        private void pass(Socket from, Socket into, boolean toRouter) {
            try {
                InputStream source = from.getInputStream();
                byte[] piece = new byte[pieceBytes];
                for (int n = source.read(piece); n >= 0; n = source.read(piece)) {
                    if (toRouter && tampers) {
                        piece[n - 1] ^= 1;
                    }
                    into.getOutputStream().write(piece, 0, n);
                }
                into.shutdownOutput();
            } catch (IOException closed) {
                // with the test
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
            in.close();
            out.close();
        }
    }
}
