package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.controller.http.FakeHosts.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AttachTest {

    @TempDir
    Path directory;

    private TestController controller;
    private String release;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        controller.createApp("ledger");
        release = controller.createRelease("{\"web\":{\"env\":{\"ONLY_WEB\":\"1\"}}}");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private String job(String rest) {
        return "{\"release\":\"%s\"%s}".formatted(release, rest);
    }

    private Session session(int number) {
        await().until(() -> controller.hosts.sessions.size() > number);
        Session session = controller.hosts.sessions.get(number);
        await().until(() -> controller.state.jobs().find(session.job).isPresent());
        return session;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void itAttachesBeforeTheJobIsWantedAndSwitchesWhenTheJobRuns() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(",\"cmd\":[\"bash\"],\"release_env\":true,\"disable_log\":true"));
            Session session = session(0);

            assertThat(session.jobExistedBefore).isFalse();
            assertThat(session.wantsStdin).isTrue();
            JobSpec spec = controller.job(session.job.value()).spec();
            assertThat(spec.stdin()).isTrue();
            assertThat(spec.disableLog()).isTrue();
            assertThat(spec.cmd()).containsExactly("bash");
            assertThat(spec.env()).containsEntry("LOG_LEVEL", "info").doesNotContainKey("ONLY_WEB");

            session.client.onAttached();
            assertThat(client.head())
                    .isEqualTo(
                            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: flynn-attach/0\r\n\r\n");
        }
    }

    @Test
    void outputAndTheExitStatusReachTheClientAndTheConnectionEnds() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(",\"disable_log\":true"));
            Session session = session(0);
            session.client.onAttached();
            session.client.onOutput(OutputStreamKind.STDOUT, bytes("hello\n"));
            session.client.onOutput(OutputStreamKind.STDERR, bytes("oops"));
            session.client.onOutput(OutputStreamKind.STDOUT, new byte[0]);
            session.client.onExit(7);

            client.head();
            assertThat(client.frame()).isEqualTo("data:1:hello\n");
            assertThat(client.frame()).isEqualTo("data:2:oops");
            assertThat(client.frame()).isEqualTo("data:1:");
            assertThat(client.frame()).isEqualTo("data:2:");
            assertThat(client.frame()).isEqualTo("exit:7");
            assertThat(client.frame()).isEqualTo("end");
            await().until(() -> session.closed.get() == 1);
        }
    }

    @Test
    void outputThatIsLoggedConsistsOfWholeLines() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();
            session.client.onOutput(OutputStreamKind.STDERR, bytes("begun"));
            session.client.onOutput(OutputStreamKind.STDOUT, bytes("half"));
            session.client.onOutput(OutputStreamKind.STDERR, bytes(" and ended\n"));
            session.client.onExit(0);

            client.head();
            assertThat(client.frame()).isEqualTo("data:2:begun");
            assertThat(client.frame()).isEqualTo("data:1:half");
            assertThat(client.frame()).isEqualTo("data:2: and ended\n");
            assertThat(client.frame()).isEqualTo("data:1:\n");
            assertThat(client.frame()).isEqualTo("data:1:");
            assertThat(client.frame()).isEqualTo("data:2:");
            assertThat(client.frame()).isEqualTo("exit:0");
        }
    }

    @Test
    void anInterruptedThreadStillTellsHowTheJobEnded() throws Exception {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(",\"disable_log\":true"));
            Session session = session(0);
            session.client.onAttached();
            var stillInterrupted = new CompletableFuture<Boolean>();
            Thread host = new Thread(() -> {
                Thread.currentThread().interrupt();
                session.client.onOutput(OutputStreamKind.STDERR, bytes("stopped"));
                session.client.onExit(0);
                stillInterrupted.complete(Thread.currentThread().isInterrupted());
            });
            host.start();

            client.head();
            assertThat(client.frame()).isEqualTo("data:2:stopped");
            assertThat(client.frame()).isEqualTo("data:1:");
            assertThat(client.frame()).isEqualTo("data:2:");
            assertThat(client.frame()).isEqualTo("exit:0");
            assertThat(stillInterrupted.get()).isTrue();
        }
    }

    @Test
    void inputReachesTheJobHoweverTheNetworkCutsIt() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();
            client.head();

            client.send(new byte[] {3, 0, 0});
            client.send(new byte[] {0, 0, 5, 'h', 'e'});
            await().until(() -> session.input().equals("he"));
            client.send(bytes("llo"));
            client.stdin(" world");
            client.signal(15);
            client.stdin("");
            await().until(() -> session.requests.contains("eof"));

            assertThat(session.input()).isEqualTo("hello world");
            assertThat(session.requests).containsExactly("signal 15", "eof");
            session.client.onExit(0);
        }
    }

    @Test
    void inputThatCameWithTheRequestReachesTheJob() throws IOException {
        String body = job("");
        try (var client = new RawClient(controller.port())) {
            client.send(RawClient.attachHead("ledger", body.length()) + body + "\3\0\0\0\0\5hello\4\0\0\0\17");
            Session session = session(0);
            session.client.onAttached();

            assertThat(client.head()).startsWith("HTTP/1.1 101");
            await().until(() -> session.requests.contains("signal 15"));
            assertThat(session.input()).isEqualTo("hello");
            session.client.onExit(0);
        }
    }

    @Test
    void aSessionIsInTheAuditWhenItBeginsAndOnlyThen() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            session(0).client.onAttached();
            client.head();
            assertThat(sessionsInTheAudit()).isEqualTo(1);
            session(0).client.onExit(0);
            await().until(() -> client.frame().equals("exit:0"));
        }
        // entries are stored in order, so one of this session would be there before
        controller.post("/apps", "{\"name\":\"Not A Name\"}");
        await().until(() -> controller.get("/audit").body().contains("\"status\":400"));

        assertThat(sessionsInTheAudit()).isEqualTo(1);
    }

    private long sessionsInTheAudit() {
        return controller.get("/audit").body().split("\"status\":101", -1).length - 1;
    }

    @Test
    void aTerminalHasItsSizeIsResizedAndHasOneOutput() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(",\"tty\":true,\"tty_columns\":120,\"tty_lines\":40"));
            Session session = session(0);
            session.client.onAttached();
            client.head();
            client.resize(41, 121);
            await().until(() -> !session.requests.isEmpty());
            session.client.onExit(0);

            assertThat(session.size).contains(new TerminalSize(120, 40));
            assertThat(controller.job(session.job.value()).spec().tty()).contains(new TerminalSize(120, 40));
            assertThat(session.requests).containsExactly("resize 121x41");
            assertThat(client.frame()).isEqualTo("data:1:");
            assertThat(client.frame()).isEqualTo("exit:0");
        }
    }

    @Test
    void aKeptAliveConnectionCanBeUpgraded() throws IOException {
        try (var client = new RawClient(controller.port())) {
            String get = "GET /apps/ledger HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
                    .formatted(TestController.authorization(TestController.KEY));
            for (int i = 0; i < 3; i++) {
                client.send(get);
                String head = client.head();
                assertThat(head).startsWith("HTTP/1.1 200");
                assertThat(client.body(head)).contains("ledger");
            }

            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();

            assertThat(client.head()).startsWith("HTTP/1.1 101");
            session.client.onExit(0);
        }
    }

    @Test
    void aRequestThatArrivesInPiecesIsUpgraded() throws IOException {
        String body = job(",\"cmd\":[\"cat\"]");
        byte[] request = bytes(RawClient.attachHead("ledger", body.length()) + body);
        try (var client = new RawClient(controller.port())) {
            for (int i = 0; i < request.length; i += 50) {
                client.send(Arrays.copyOfRange(request, i, Math.min(request.length, i + 50)));
            }
            session(0).client.onAttached();

            assertThat(client.head()).startsWith("HTTP/1.1 101");
            session(0).client.onExit(0);
        }
    }

    @Test
    void aClientThatLeavesEndsTheAttachmentAndNotTheJob() throws IOException {
        Session session;
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            session = session(0);
            session.client.onAttached();
            client.head();
        }

        await().until(() -> session.closed.get() == 1);
        assertThat(controller.job(session.job.value()).stopRequested()).isFalse();
        session.client.onOutput(OutputStreamKind.STDOUT, bytes("nobody reads this"));
        session.client.onExit(0);
    }

    @Test
    void aClientThatLeavesBeforeTheJobRunsDoesNotStopIt() throws IOException {
        Session session;
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            session = session(0);
        }

        await().until(() -> session.closed.get() == 1);
        session.client.onAttached();
        assertThat(controller.job(session.job.value()).stopRequested()).isFalse();
    }

    @Test
    void aJobThatCannotBeStartedIsAnErrorObjectThatSaysWhy() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            session(0).client.onError("no such image");

            String head = client.head();
            assertThat(head).startsWith("HTTP/1.1 500").contains("Content-Type: application/json");
            assertThat(client.body(head))
                    .isEqualTo("{\"code\":\"unknown_error\",\"message\":\"Something went wrong\","
                            + "\"detail\":{\"reason\":\"no such image\"},\"retry\":false}");
            assertThat(client.frame()).isEqualTo("end");
        }
    }

    @Test
    void aJobThatIsLostLaterIsAnErrorFrame() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            session(0).client.onAttached();
            session(0).client.onError("its host was lost");

            client.head();
            assertThat(client.frame()).isEqualTo("error:its host was lost");
            assertThat(client.frame()).isEqualTo("end");
        }
    }

    @Test
    void whatIsWrongWithTheRequestIsToldBeforeAnythingStarts() throws IOException {
        for (var expected : Map.of(
                        "{\"cmd\":[\"x\"]}", "HTTP/1.1 400",
                        "{", "HTTP/1.1 400",
                        "{\"release\":\"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\"}", "HTTP/1.1 404")
                .entrySet()) {
            try (var client = new RawClient(controller.port())) {
                client.attach("ledger", expected.getKey());
                assertThat(client.head()).as(expected.getKey()).startsWith(expected.getValue());
            }
        }
        try (var client = new RawClient(controller.port())) {
            client.attach("nobody", job(""));
            assertThat(client.head()).startsWith("HTTP/1.1 404");
        }
        try (var client = new RawClient(controller.port())) {
            client.send(RawClient.attachHead("ledger", 2)
                            .replace(TestController.authorization(TestController.KEY), "Basic eA==")
                    + "{}");
            assertThat(client.head()).startsWith("HTTP/1.1 401");
        }
        assertThat(controller.hosts.sessions).isEmpty();
    }

    @Test
    void aHostThatRefusesIsToldAndNoJobIsMade() throws IOException {
        controller.hosts.refuseAttach = Set.of("host1");
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            String head = client.head();
            assertThat(head).startsWith("HTTP/1.1 503");
            assertThat(client.body(head)).contains("no_capacity", "host1 says: not now");
        }
        controller.hosts.refuseAttach = Set.of();
        controller.hosts.unreachable = true;
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            String head = client.head();
            assertThat(head).startsWith("HTTP/1.1 503");
            assertThat(client.body(head)).contains("no_capacity", "host host1 cannot be reached");
        }
        assertThat(controller.get("/apps/ledger/jobs").body()).isEqualTo("[]");
    }

    @Test
    void aHostThatCannotBeReachedIsPassedOver() throws IOException {
        controller.addHost("host2");
        controller.hosts.refuseAttach = Set.of("host1");
        for (int number = 0; number < 8; number++) {
            try (var client = new RawClient(controller.port())) {
                client.attach("ledger", job(""));
                Session session = session(number);
                assertThat(session.job.hostId()).isEqualTo("host2");
                session.client.onExit(0);
            }
        }
    }

    @Test
    void aFrameThatNoClientSendsEndsTheSessionWithTheReason() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();
            client.head();
            client.send(new byte[] {9});

            assertThat(client.frame()).startsWith("error:a client must not send frames of type 9");
            assertThat(client.frame()).isEqualTo("end");
            await().until(() -> session.closed.get() == 1);
        }
    }

    @Test
    void theExitStatusArrivesThoughTheJobLeftInputUnread() throws Exception {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();
            client.head();
            Thread writer = new Thread(() -> {
                try {
                    for (int i = 0; i < 200; i++) {
                        client.stdin("y\n".repeat(4000));
                    }
                } catch (IOException connectionEnded) {
                    // the session may end while this still writes
                }
            });
            writer.start();
            await().until(() -> session.input().length() > 0);
            session.client.onExit(3);

            assertThat(client.frame()).isEqualTo("data:1:");
            assertThat(client.frame()).isEqualTo("data:2:");
            assertThat(client.frame()).isEqualTo("exit:3");
            writer.join();
        }
    }

    @Test
    void aClientThatDoesNotReadSlowsItsJobDownAndLosesNothing() throws Exception {
        int chunks = 2000;
        byte[] chunk = bytes("x".repeat(8192));
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(",\"disable_log\":true"));
            Session session = session(0);
            session.client.onAttached();
            client.head();
            var written = new AtomicInteger();
            Thread job = new Thread(() -> {
                for (int i = 0; i < chunks; i++) {
                    session.client.onOutput(OutputStreamKind.STDOUT, chunk);
                    written.incrementAndGet();
                }
                session.client.onExit(0);
            });
            job.start();
            await().during(Duration.ofMillis(300)).until(() -> written.get() < chunks);

            int read = 0;
            for (String frame = client.frame(); !frame.startsWith("exit"); frame = client.frame()) {
                read += frame.length() - "data:1:".length();
            }

            assertThat(read).isEqualTo(chunks * chunk.length);
            job.join();
        }
    }

    @Test
    void closingTheControllerEndsItsSessions() throws IOException {
        try (var client = new RawClient(controller.port())) {
            client.attach("ledger", job(""));
            Session session = session(0);
            session.client.onAttached();
            client.head();

            controller.close();

            assertThat(client.frame()).isEqualTo("end");
            assertThat(session.closed).hasValue(1);
        }
    }
}
