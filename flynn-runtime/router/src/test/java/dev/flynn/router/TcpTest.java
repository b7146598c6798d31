package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.TcpRoute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** TCP routes (contract: layer 1, section 1.8). */
class TcpTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final int port = RouterFixture.freePort();

    /** Says its name, then echoes until the client has said everything, then says goodbye. */
    private TestBackend echo(String name) {
        return fixture.open(TestBackend.running(connection -> {
            connection.send(name + "\n");
            int next = connection.in().read();
            while (next >= 0) {
                connection.out().write(next);
                next = connection.in().read();
            }
            connection.send("bye " + name);
        }));
    }

    private static String readLine(TestClient client) throws IOException {
        StringBuilder line = new StringBuilder();
        int next = client.in().read();
        while (next >= 0 && next != '\n') {
            line.append((char) next);
            next = client.in().read();
        }
        return line.toString();
    }

    private static String readAll(TestClient client) throws IOException {
        return new String(client.in().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void bytesPassBothWaysAndEachWayEndsByItself() throws IOException {
        fixture.route(TcpRoute.to(port, "echo")).backends("echo", echo("a").addr());

        TestClient client = fixture.client(port);
        assertThat(readLine(client)).isEqualTo("a");
        client.send("hello\n");
        assertThat(readLine(client)).isEqualTo("hello");
        client.socket().shutdownOutput();

        assertThat(readAll(client)).isEqualTo("bye a");
    }

    @Test
    void whatIsSaidBeforeABackendAcceptsArrives() throws IOException {
        TestBackend whole = fixture.open(TestBackend.running(connection -> {
            byte[] said = connection.in().readAllBytes();
            connection.send("got " + said.length);
        }));
        fixture.route(TcpRoute.to(port, "sink")).backends("sink", fixture.deadAddress(), whole.addr());

        TestClient client = fixture.client(port);
        client.send("x".repeat(200_000));
        client.socket().shutdownOutput();

        assertThat(readAll(client)).isEqualTo("got 200000");
    }

    @Test
    void aSlowReaderStopsTheBackend() throws Exception {
        CountDownLatch stalled = new CountDownLatch(1);
        TestBackend flood = fixture.open(TestBackend.running(connection -> {
            connection.socket().setSendBufferSize(64 * 1024);
            byte[] block = new byte[64 * 1024];
            for (int i = 0; i < 1024; i++) {
                connection.out().write(block);
            }
            stalled.countDown();
        }));
        fixture.route(TcpRoute.to(port, "flood")).backends("flood", flood.addr());

        TestClient client = fixture.client(port);
        assertThat(stalled.await(300, TimeUnit.MILLISECONDS))
                .as("the backend could send 64 MiB to a client that reads nothing")
                .isFalse();

        assertThat(client.in().readAllBytes()).hasSize(64 * 1024 * 1024);
    }

    @Test
    void aBackendThatRefusesIsSkipped() throws IOException {
        fixture.route(TcpRoute.to(port, "echo"))
                .backends("echo", fixture.deadAddress(), echo("b").addr(), fixture.deadAddress());

        for (int i = 0; i < 6; i++) {
            assertThat(readLine(fixture.client(port))).isEqualTo("b");
        }
    }

    @Test
    void withoutABackendTheConnectionIsClosed() throws IOException {
        fixture.route(TcpRoute.to(port, "none"));
        assertThat(fixture.client(port).isClosedByPeer()).isTrue();

        fixture.backends("none", fixture.deadAddress());
        assertThat(fixture.client(port).isClosedByPeer()).isTrue();
    }

    @Test
    void theLeaderAloneGetsWhatIsKeptForIt() throws IOException {
        TestBackend one = echo("one");
        TestBackend two = echo("two");
        fixture.route(TcpRoute.to(port, "db").withLeaderOnly(true)).backends("db", one.addr(), two.addr());
        for (int i = 0; i < 4; i++) {
            assertThat(readLine(fixture.client(port))).isEqualTo("one");
        }

        fixture.backends("db", two.addr(), one.addr());
        for (int i = 0; i < 4; i++) {
            assertThat(readLine(fixture.client(port))).isEqualTo("two");
        }
    }

    @Test
    void anotherServiceIsForNewConnections() throws IOException {
        fixture.route(TcpRoute.to(port, "old"))
                .backends("old", echo("old").addr())
                .backends("new", echo("new").addr());
        TestClient before = fixture.client(port);
        assertThat(readLine(before)).isEqualTo("old");

        fixture.route(TcpRoute.to(port, "new"));

        assertThat(readLine(fixture.client(port))).isEqualTo("new");
        before.send("still\n");
        assertThat(readLine(before)).isEqualTo("still");
    }

    @Test
    void aRemovedRouteFreesItsPortAndItsConnectionsGoOn() throws IOException {
        fixture.route(TcpRoute.to(port, "echo")).backends("echo", echo("a").addr());
        TestClient before = fixture.client(port);
        assertThat(readLine(before)).isEqualTo("a");

        fixture.removeTcpRoute(port);

        assertThatThrownBy(() -> fixture.client(port))
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(ConnectException.class);
        before.send("still\n");
        assertThat(readLine(before)).isEqualTo("still");

        fixture.route(TcpRoute.to(port, "echo"));
        assertThat(readLine(fixture.client(port))).isEqualTo("a");
    }

    @Test
    void aTakenPortIsAProblemOfItsRouteAlone() throws Exception {
        TestBackend holder = echo("holder");
        int taken = Integer.parseInt(holder.addr().substring(holder.addr().indexOf(':') + 1));
        fixture.route(TcpRoute.to(taken, "echo")).backends("echo", echo("a").addr());
        fixture.route(TcpRoute.to(port, "echo"));

        ApplyResult result = fixture.router().apply(fixture.table());

        assertThat(result.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.routeId()).isEqualTo("tcp:" + taken);
            assertThat(problem.reason()).contains("cannot listen on 127.0.0.1:" + taken, "free the port");
        });
        assertThat(readLine(fixture.client(port))).isEqualTo("a");

        holder.close();
        await().untilAsserted(() ->
                assertThat(fixture.router().apply(fixture.table()).isComplete()).isTrue());
        assertThat(readLine(fixture.client(taken))).isEqualTo("a");
    }

    @Test
    void aBackendIsDrainedOnceItsLastConnectionIsOver() throws Exception {
        TestBackend leaving = echo("leaving");
        TestBackend idle = echo("idle");
        fixture.route(TcpRoute.to(port, "echo")).backends("echo", leaving.addr());
        TestClient client = fixture.client(port);
        assertThat(readLine(client)).isEqualTo("leaving");
        List<String> drained = new CopyOnWriteArrayList<>();
        fixture.closing(fixture.router().watch(drained::add));

        fixture.backends("echo", idle.addr());
        fixture.backends("echo");
        await().untilAsserted(() -> assertThat(drained).containsExactly(idle.addr()));

        client.close();
        await().untilAsserted(() -> assertThat(drained).containsExactly(idle.addr(), leaving.addr()));
    }

    @Test
    void connectionsAreSharedOut() throws IOException {
        fixture.route(TcpRoute.to(port, "echo"))
                .backends("echo", echo("a").addr(), echo("b").addr());

        List<String> names = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            names.add(readLine(fixture.client(port)));
        }

        assertThat(names).contains("a", "b");
    }

    @Test
    void closingCutsOffWhatDoesNotEndByItself() throws IOException {
        fixture.with(builder -> builder.closeGrace(Duration.ofMillis(50)));
        fixture.route(TcpRoute.to(port, "echo")).backends("echo", echo("a").addr());
        TestClient client = fixture.client(port);
        assertThat(readLine(client)).isEqualTo("a");

        fixture.router().close();

        assertThatThrownBy(() -> client.in().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }
}
