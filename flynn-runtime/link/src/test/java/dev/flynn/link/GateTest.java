package dev.flynn.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.RemovedHosts;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in at the link's port, and what becomes of the others. */
class GateTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final CallHandler ECHO = (caller, method, request) -> CompletableFuture.completedFuture(request);

    @TempDir
    Path directory;

    private TestHosts hosts;

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory.resolve("ours"));
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
    }

    private HostLink link(HostCredentials credentials) {
        return hosts.open(TestHosts.builder(credentials).service("test", ECHO).build());
    }

    private FlynnException refusal(HostLink from, String toId, HostLink to) {
        Throwable thrown = catchThrowable(() -> from.call(toId, to.advertisedAddress(), "test", "m", new byte[1], LONG)
                .get(20, TimeUnit.SECONDS));
        assertThat(thrown.getCause()).isInstanceOf(FlynnException.class);
        return (FlynnException) thrown.getCause();
    }

    private void assertServes(HostLink b) throws Exception {
        HostLink friend = link(hosts.credentials("friend"));
        assertThat(friend.call("b", b.advertisedAddress(), "test", "m", new byte[3], LONG)
                        .get(20, TimeUnit.SECONDS))
                .hasSize(3);
    }

    // certificates

    @Test
    void hostsOfTwoClustersNeverMeet() throws Exception {
        TestHosts theirs = hosts.open(new TestHosts(directory.resolve("theirs")));
        HostLink stranger =
                theirs.open(theirs.builder("a").service("test", ECHO).build());
        HostLink b = link(hosts.credentials("b"));

        FlynnException refusal = refusal(stranger, "b", b);
        assertThat(refusal.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        assertThat(refusal.getMessage())
                .contains("two clusters never merge")
                .contains(hosts.authority().clusterId().toString())
                .contains(theirs.authority().clusterId().toString());
        assertServes(b);
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefusedByTheServerAlone() throws Exception {
        HostLink b = link(hosts.credentials("b"));
        ClusterAuthority other = ClusterAuthority.create(Instant.now());
        HostIdentity forged = other.identify("a", Instant.now());
        HostCredentials theirs =
                new HostCredentials(forged, new RemovedHosts(hosts.files("forged")), Clock.systemUTC());

        try (SSLSocket socket = trustingSocket(b, theirs.keyManager())) {
            assertThat(answersTo(socket, greeting(Wire.VERSION, 0))).isFalse();
        }
        assertThat(b.connections()).isZero();
        assertServes(b);
    }

    @Test
    void aClientWithoutACertificateIsToldSoAndGetsNothingElse() throws Exception {
        HostLink b = link(hosts.credentials("b"));
        try (SSLSocket socket = trustingSocket(b)) {
            assertThat(refusalTo(socket, greeting(Wire.VERSION, 0))).contains("showed no certificate");
        }
        assertThat(b.connections()).isZero();
        assertServes(b);
    }

    @Test
    void anExpiredCertificateIsRefusedByItsOwnerWithBothTimes() {
        Instant issued = Instant.now().minus(Duration.ofDays(3 * 365));
        HostLink a = link(hosts.credentials("a", issued, Clock.systemUTC()));
        HostLink b = link(hosts.credentials("b"));

        assertThat(refusal(a, "b", b).getMessage())
                .contains("certificate of this host, \"a\", expired at")
                .contains(issued.plus(ClusterAuthority.HOST_VALIDITY).toString().substring(0, 10));
    }

    @Test
    void anExpiredCertificateIsRefusedByTheOtherHostWithBothTimes() {
        Instant issued = Instant.now().minus(Duration.ofDays(3 * 365));
        Clock slow = Clock.fixed(issued.plus(Duration.ofDays(1)), ZoneOffset.UTC);
        HostCredentials slowly =
                new HostCredentials(hosts.authority().identify("a", issued), new RemovedHosts(hosts.files("a")), slow);
        HostLink b = link(hosts.credentials("b", issued, Clock.systemUTC()));
        HostLink a = link(slowly);

        FlynnException refusal = refusal(a, "b", b);
        assertThat(refusal.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        assertThat(refusal.getMessage())
                .contains("certificate of host \"a\" expired at")
                .contains("on host \"b\" it is");
    }

    @Test
    void aHostWhoseClockIsFarBehindIsToldBothTimes() {
        Instant longAgo = Instant.parse("2001-01-01T00:00:00Z");
        HostLink a = link(hosts.credentials("a", Instant.now(), Clock.fixed(longAgo, ZoneOffset.UTC)));
        HostLink b = link(hosts.credentials("b"));

        assertThat(refusal(a, "b", b).getMessage())
                .contains("is good from")
                .contains("it is 2001-01-01T00:00:00Z")
                .contains("set the clock");
    }

    @Test
    void anotherHostThanTheExpectedOneIsNotSpokenTo() {
        HostLink a = link(hosts.credentials("a"));
        HostLink b = link(hosts.credentials("b"));

        assertThat(refusal(a, "c", b).getMessage()).contains("host \"b\" is at").contains("host \"c\" was expected");
    }

    @Test
    void aCopyOfAHostIsRefusedByTheHost() {
        HostLink a = link(hosts.credentials("a"));
        HostLink copy = link(hosts.credentials("a"));

        assertThat(refusal(copy, "a", a).getMessage()).contains("data directory was copied");
    }

    @Test
    void anotherVersionIsRefusedByName() throws Exception {
        HostLink b = link(hosts.credentials("b"));
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            assertThat(refusalTo(socket, greeting((byte) 9, 0)))
                    .contains("host \"b\" speaks version 1")
                    .contains("whoever dialled version 9");
        }
    }

    // hostile bytes

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void randomBytesBeforeTlsEndTheConnectionOnly(long seed) throws Exception {
        HostLink b = link(hosts.credentials("b"));
        byte[] bytes = new byte[4000];
        new Random(seed).nextBytes(bytes);
        try (Socket socket = new Socket(b.address().getAddress(), b.address().getPort())) {
            assertThat(answersTo(socket, bytes)).isFalse();
        }
        assertServes(b);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void randomBytesInsideTlsEndTheConnectionOnly(long seed) throws Exception {
        HostLink b = link(hosts.credentials("b"));
        byte[] bytes = new byte[4000];
        new Random(seed).nextBytes(bytes);
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            assertThat(answersTo(socket, bytes)).isFalse();
        }
        assertServes(b);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomFramesOfAHostEndItsConnectionOnly(long seed) throws Exception {
        HostLink b = link(hosts.credentials("b"));
        var random = new Random(seed);
        byte[] frames = new byte[4000];
        random.nextBytes(frames);
        if (seed % 2 == 0) {
            for (int at = 0; at + 40 <= frames.length; at += 40) {
                frames[at] = frames[at + 1] = frames[at + 2] = 0;
                frames[at + 3] = 36;
                frames[at + 4] = (byte) random.nextInt(14);
            }
        }
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            socket.getOutputStream().write(greeting(Wire.VERSION, 0));
            socket.getOutputStream().write(frames);
            socket.getOutputStream().flush();
            assertThat(readToEnd(socket)).isTrue();
        }
        assertServes(b);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MAX_VALUE, (16 << 20) + 5000, 0, 4})
    void aFrameOfAnImpossibleLengthEndsTheConnectionWithoutBeingRead(int length) throws Exception {
        HostLink b = link(hosts.credentials("b"));
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            socket.getOutputStream().write(greeting(Wire.VERSION, 0));
            socket.getOutputStream()
                    .write(new byte[] {(byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length
                    });
            socket.getOutputStream().flush();
            assertThat(readToEnd(socket)).isTrue();
        }
        await().atMost(TestHosts.PATIENCE)
                .untilAsserted(() -> assertThat(b.connections()).isZero());
        assertServes(b);
    }

    @Test
    void whoSaysNothingIsHungUpOnInTime() throws Exception {
        HostLink b = hosts.open(TestHosts.builder(hosts.credentials("b"))
                .handshakeTimeout(Duration.ofMillis(300))
                .service("test", ECHO)
                .build());
        try (Socket silent = new Socket(b.address().getAddress(), b.address().getPort());
                SSLSocket silentInTls = trustingSocket(b)) {
            assertThat(readToEnd(silent)).isTrue();
            assertThat(readToEnd(silentInTls)).isTrue();
        }
        assertServes(b);
    }

    @Test
    void whoDripsBytesIsHungUpOnInTimeToo() throws Exception {
        HostLink b = hosts.open(TestHosts.builder(hosts.credentials("b"))
                .handshakeTimeout(Duration.ofMillis(500))
                .service("test", ECHO)
                .build());
        byte[] greeting = greeting(Wire.VERSION, 0);
        long start = System.nanoTime();
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            OutputStream out = socket.getOutputStream();
            socket.setSoTimeout(100);
            boolean ended = false;
            for (int i = 0; i < greeting.length - 1 && !ended; i++) {
                try {
                    out.write(greeting[i]);
                    out.flush();
                    ended = socket.getInputStream().read() < 0;
                } catch (SocketTimeoutException stillOpen) {
                    // the pause between two drops
                } catch (IOException hungUp) {
                    ended = true;
                }
            }
            assertThat(ended).isTrue();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        assertServes(b);
    }

    @Test
    void whoIsRefusedAndGoesOnTalkingIsNotListenedTo() throws Exception {
        HostLink b = hosts.open(TestHosts.builder(hosts.credentials("b"))
                .handshakeTimeout(Duration.ofSeconds(2))
                .service("test", ECHO)
                .build());
        try (SSLSocket socket = trustingSocket(b)) {
            OutputStream out = socket.getOutputStream();
            out.write(greeting(Wire.VERSION, 0));
            byte[] chatter = new byte[64 * 1024];
            assertThat(catchThrowable(() -> {
                        for (int i = 0; i < 1_000_000; i++) {
                            out.write(chatter);
                        }
                    }))
                    .isInstanceOf(IOException.class);
        }
        assertServes(b);
    }

    @Test
    void strangersFromOneAddressCannotTakeAllTheRoom() throws Exception {
        HostLink b = hosts.open(TestHosts.builder(hosts.credentials("b"))
                .handshakeTimeout(Duration.ofSeconds(60))
                .service("test", ECHO)
                .build());
        Socket[] sockets = new Socket[StrangerLimits.MAX_PER_ADDRESS];
        try {
            for (int i = 0; i < sockets.length; i++) {
                sockets[i] = new Socket(b.address().getAddress(), b.address().getPort());
            }
            try (Socket oneMore =
                    new Socket(b.address().getAddress(), b.address().getPort())) {
                assertThat(readToEnd(oneMore)).isTrue();
            }
        } finally {
            for (Socket socket : sockets) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
        await().atMost(TestHosts.PATIENCE).ignoreExceptions().untilAsserted(() -> assertServes(b));
    }

    @Test
    void aPeerThatFallsSilentIsGoneInTime() throws Exception {
        HostLink b = hosts.open(TestHosts.builder(hosts.credentials("b"))
                .deadAfter(Duration.ofMillis(600))
                .service("test", ECHO)
                .build());
        try (SSLSocket socket = trustingSocket(b, hosts.credentials("a").keyManager())) {
            socket.getOutputStream().write(greeting(Wire.VERSION, 0));
            socket.getOutputStream().flush();
            await().atMost(TestHosts.PATIENCE).until(() -> b.connections() == 1);
            await().atMost(TestHosts.PATIENCE).until(() -> b.connections() == 0);
            assertThat(readToEnd(socket)).isTrue();
        }
    }

    @Test
    void aQuietConnectionIsKeptByPings() throws Exception {
        HostLink a = hosts.open(TestHosts.builder(hosts.credentials("a"))
                .deadAfter(Duration.ofMillis(300))
                .build());
        HostLink b = link(hosts.credentials("b"));
        a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG).get(20, TimeUnit.SECONDS);

        await().during(Duration.ofMillis(1200))
                .atMost(TestHosts.PATIENCE)
                .until(() -> a.connections() == 1 && b.connections() == 1);
    }

    // tools

    private static byte[] greeting(byte version, int role) {
        return new byte[] {
            'F', 'L', 'Y', 'N', version, 0, 11, (byte) role, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
        };
    }

    private SSLSocket trustingSocket(HostLink to, KeyManager... keys) throws Exception {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys, new TrustManager[] {hosts.credentials("reader").trustManager()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        InetSocketAddress address = to.address();
        socket.connect(address);
        socket.setSoTimeout(20_000);
        socket.startHandshake();
        return socket;
    }

    private static boolean answersTo(Socket socket, byte[] bytes) throws IOException {
        socket.setSoTimeout(20_000);
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        } catch (IOException hungUp) {
            return false;
        }
        return !readToEnd(socket);
    }

    private static String refusalTo(SSLSocket socket, byte[] greeting) throws IOException {
        socket.getOutputStream().write(greeting);
        socket.getOutputStream().flush();
        byte[] answer = socket.getInputStream().readAllBytes();
        assertThat(answer[7]).isEqualTo(Wire.REFUSED);
        return new String(answer, UTF_8);
    }

    /** Whether the other side hangs up. */
    private static boolean readToEnd(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        try {
            while (socket.getInputStream().read() >= 0) {
                // only the end counts
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException | javax.net.ssl.SSLException hungUp) {
            return true;
        }
    }
}
