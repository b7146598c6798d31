package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AttachTest {

    private static final int OUT = AttachRequest.STDOUT | AttachRequest.STDERR;
    private static final int IN = AttachRequest.STDIN;
    private static final int LOGS = AttachRequest.LOGS;
    private static final int STREAM = AttachRequest.STREAM;

    @TempDir
    Path directory;

    private ApiHost host;

    @BeforeEach
    void start() throws IOException {
        host = new ApiHost(directory);
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void theAnswerSwitchesTheProtocolAndFramesAreExact() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            assertThat(client.head())
                    .isEqualTo(
                            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: flynn-attach/0\r\n\r\n");
            assertThat(client.bytes(1)).containsExactly(1);
            host.put(id, host.shell("echo hi; echo no >&2; exit 3"));
            assertThat(client.bytes(1)).containsExactly(0);
            byte[] first = client.bytes(9);
            byte[] second = client.bytes(9);
            byte[] hi = {3, 1, 0, 0, 0, 3, 'h', 'i', '\n'};
            byte[] no = {3, 2, 0, 0, 0, 3, 'n', 'o', '\n'};
            assertThat(java.util.List.of(first, second)).containsExactlyInAnyOrder(hi, no); // two streams have no order
            assertThat(client.bytes(5)).containsExactly(5, 0, 0, 0, 3);
            client.expect("end");
        }
    }

    @Test
    void surprise18AttachingToAnUnknownJobWaitsUntilItIsCreated() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("echo first"));
            client.expect("success", "data 1 first\n", "exit 0", "end");
        }
    }

    @Test
    void aJobThatFailsToStartIsToldToWhoWaitsForIt() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, "{\"artifact\":{\"type\":\"host\",\"url\":\"host:nothing\"}}");
            assertThat(client.next()).startsWith("error ").contains("nothing");
            client.expect("end");
        }
        host.awaitStatus(id, ActiveJobs.FAILED);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            assertThat(client.next()).startsWith("error ").contains("nothing");
        }
    }

    @Test
    void stdinToAJobThatIsOverIsRefusedWithTheTextThatClientsKnow() throws Exception {
        String id = host.run(host.shell("true"));
        host.awaitStatus(id, ActiveJobs.DONE);
        try (RawAttach client = RawAttach.to(host, id, OUT | IN | STREAM)) {
            client.expect("error host: job not running", "end");
        }
    }

    @Test
    void aTerminalThatIsOverIsRefusedToo() throws Exception {
        String id = host.run(host.shell("true", ",\"tty\":true"));
        host.awaitStatus(id, ActiveJobs.DONE);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            client.expect("error host: job not running", "end");
        }
    }

    @Test
    void historyOfAJobThatIsOverIsLineByLineAndThenTheStreamsEnd() throws Exception {
        String id = host.run(host.shell("echo a; echo b; echo c"));
        host.awaitStatus(id, ActiveJobs.DONE);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            client.expect("success", "data 1 a\n", "data 1 b\n", "data 1 c\n", "data 1 ", "data 2 ", "end");
        }
        try (RawAttach client = RawAttach.to(host, id, AttachRequest.STDERR | LOGS)) {
            client.expect("success", "data 2 ", "end");
        }
    }

    /** The contract's sequence says that it ends; that of the reference does not. */
    @Test
    void surprise19FollowingAJobThatIsOverPrintsItsHistoryAndEnds() throws Exception {
        String id = host.run(host.shell("echo a"));
        host.awaitStatus(id, ActiveJobs.DONE);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS | STREAM)) {
            client.expect("success", "data 1 a\n", "data 1 ", "data 2 ", "end");
        }
    }

    @Test
    void surprise20WithoutLogsLiveOutputIsFollowedButNoExitFrameIsSent() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT)) {
            client.expect("waiting");
            host.put(id, host.shell("echo a; exit 7"));
            client.expect("success", "data 1 a\n", "data 1 ", "data 2 ", "end");
        }
    }

    @Test
    void surprise21OutputIsFramedPerLineAndALastLineNeedsNoNewline() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("printf 'a\\nb\\nlast'"));
            client.expect("success", "data 1 a\n", "data 1 b\n", "data 1 last\n", "exit 0", "end");
        }
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            client.expect("success", "data 1 a\n", "data 1 b\n", "data 1 last\n", "data 1 ");
        }
    }

    @Test
    void surprise22AJobWithoutAnAppHasLiveOutputAndNoHistory() throws Exception {
        String id = host.newId();
        String body = "{\"artifact\":{\"type\":\"host\",\"url\":\"host:shell\"},\"config\":{\"cmd\":[\"echo\",\"a\"]}}";
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS | STREAM)) {
            client.expect("waiting");
            host.put(id, body);
            client.expect("success", "data 1 a\n", "exit 0", "end");
        }
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            client.expect("success", "data 1 ", "data 2 ", "end");
        }
    }

    @Test
    void historyThenLiveIsWithoutAGap() throws Exception {
        Path go = directory.resolve("go");
        String id = host.run(host.shell(
                "for i in 1 2 3; do echo old $i; done; while [ ! -e %s ]; do sleep 0.05; done; for i in 1 2 3; do echo new $i; done; exit 4"
                        .formatted(go)));
        host.awaitStatus(id, ActiveJobs.RUNNING);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS | STREAM)) {
            client.expect("success", "data 1 old 1\n", "data 1 old 2\n", "data 1 old 3\n");
            Files.createFile(go);
            client.expect("data 1 new 1\n", "data 1 new 2\n", "data 1 new 3\n", "exit 4", "end");
        }
    }

    @Test
    void historyOfALivingJobEndsWithWhatThereIs() throws Exception {
        String id = host.run(host.shell("echo old; sleep 60"));
        host.awaitStatus(id, ActiveJobs.RUNNING);
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS | STREAM)) {
            client.expect("success", "data 1 old\n");
        }
        try (RawAttach client = RawAttach.to(host, id, OUT | LOGS)) {
            client.expect("success", "data 1 old\n", "data 1 ", "data 2 ", "end");
        }
    }

    @Test
    void aJobWithATerminalHasOneStreamASizeAndSignals() throws Exception {
        String id = host.newId();
        String attach = "{\"job_id\":\"%s\",\"flags\":%d,\"height\":33,\"width\":121}".formatted(id, OUT | IN | STREAM);
        try (var client = new RawAttach(host.port(), attach)) {
            client.expect("waiting");
            host.put(
                    id,
                    host.shell(
                            "stty size; read line; echo got $line; trap 'stty size; exit 5' WINCH; while true; do sleep 0.05; done",
                            ",\"tty\":true,\"stdin\":true"));
            client.expect("success");
            client.until(1, "33 121");
            client.stdin("word\n");
            client.until(1, "got word");
            client.resize(44, 100);
            client.until(1, "44 100");
            client.expect("exit 5", "end");
        }
    }

    @Test
    void inputReachesAJobWithoutATerminalAndItsEndToo() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | IN | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("cat; echo over", ",\"stdin\":true,\"disable_log\":true"));
            client.expect("success");
            client.stdin("part one ");
            client.until(1, "part one ");
            client.stdin("part two\n");
            client.stdin("");
            assertThat(client.until(1, "over\n")).endsWith("part two\nover\n");
            client.expect("exit 0", "end");
        }
    }

    @Test
    void whatAClientSendsWithItsRequestIsNotLost() throws Exception {
        String id = host.newId();
        byte[] early = RawAttach.stdinFrame(0, "early\n");
        String attach = "{\"job_id\":\"%s\",\"flags\":%d}".formatted(id, OUT | IN | STREAM);
        try (var client = new RawAttach(host.port(), attach, early)) {
            client.expect("waiting");
            host.put(id, host.shell("head -n 1", ",\"stdin\":true"));
            client.expect("success", "data 1 early\n", "exit 0", "end");
        }
    }

    @Test
    void aSignalReachesTheJobAndEndsItWithStatusZero() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("echo ready; exec sleep 60"));
            client.expect("success", "data 1 ready\n");
            client.signal(9);
            client.expect("exit 0", "end");
        }
    }

    @Test
    void onlyTheFirstToWriteHasTheInput() throws Exception {
        String id = host.newId();
        try (RawAttach first = RawAttach.to(host, id, OUT | IN | STREAM);
                RawAttach second = RawAttach.to(host, id, OUT | IN | STREAM)) {
            first.expect("waiting");
            second.expect("waiting");
            host.put(id, host.shell("cat", ",\"stdin\":true"));
            first.expect("success");
            second.expect("success");
            first.stdin("mine\n");
            first.expect("data 1 mine\n");
            second.expect("data 1 mine\n");
            second.stdin("no\n");
            second.expect("error stdin is closed", "end");
            first.stdin("");
            first.expect("exit 0", "end");
        }
    }

    @Test
    void badFramesAreTheLastThatIsReadAndOutputGoesOn() throws Exception {
        byte[][] bad = {
            {9}, // no such type
            {0}, // for servers only
            RawAttach.stdinFrame(1, "x"), // another stream
            RawAttach.stdinFrame(0, "x"), // without the flag
            {6, 0, 10, 0, 10} // a size without a terminal
        };
        for (byte[] frame : bad) {
            Path go = directory.resolve("go" + frame[0] + frame.length + frame[frame.length > 1 ? 1 : 0]);
            String id = host.newId();
            try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
                client.expect("waiting");
                host.put(
                        id,
                        host.shell("echo up; while [ ! -e %s ]; do sleep 0.05; done; echo on; exit 2".formatted(go)));
                client.expect("success", "data 1 up\n");
                client.send(frame);
                client.signal(9); // is not read
                Files.createFile(go);
                client.expect("data 1 on\n", "exit 2", "end");
            }
        }
    }

    @Test
    void aClientThatLeavesDoesNotStopTheJob() throws Exception {
        Path go = directory.resolve("go");
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("echo up; while [ ! -e %s ]; do sleep 0.05; done; exit 6".formatted(go)));
            client.expect("success", "data 1 up\n");
        }
        Files.createFile(go);
        assertThat(host.awaitStatus(id, ActiveJobs.CRASHED).path("exit_status").asInt())
                .isEqualTo(6);
    }

    @Test
    void aFloodIsDeliveredWholeToAClientThatTakesItsTime() throws Exception {
        String id = host.newId();
        try (RawAttach client = RawAttach.to(host, id, OUT | STREAM)) {
            client.expect("waiting");
            host.put(id, host.shell("head -c 3000000 /dev/zero", ",\"disable_log\":true"));
            client.expect("success");
            long bytes = 0;
            String frame = client.next();
            while (frame.startsWith("data 1 ")) {
                bytes += frame.length() - "data 1 ".length();
                frame = client.next();
            }
            assertThat(frame).isEqualTo("exit 0");
            assertThat(bytes).isEqualTo(3_000_000);
        }
    }

    @Test
    void whatIsNoJsonIsRefusedBeforeTheProtocolIsSwitched() throws Exception {
        try (var client = new RawAttach(host.port(), "{\"job_id\":")) {
            assertThat(client.head()).startsWith("HTTP/1.1 400 ");
            assertThat(new String(client.bytes(12), java.nio.charset.StandardCharsets.US_ASCII))
                    .isEqualTo("invalid JSON");
        }
    }

    @Test
    void aJobOfAnotherHostIsRefused() throws Exception {
        try (RawAttach client = RawAttach.to(host, "host2-1", OUT)) {
            client.expect("error job host2-1 is not one of host \"host1\"", "end");
        }
    }
}
