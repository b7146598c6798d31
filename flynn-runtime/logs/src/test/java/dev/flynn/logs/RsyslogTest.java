package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.base.DiskReserve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a real syslog server makes of our lines; only where rsyslogd is installed. */
@Timeout(120)
class RsyslogTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int LINES = 20_000;

    @TempDir
    Path directory;

    private @Nullable Process server;

    @BeforeEach
    void startServer() throws IOException {
        Optional<Path> program = Stream.of("/usr/sbin/rsyslogd", "/sbin/rsyslogd")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        assumeThat(program).as("rsyslogd is installed").isPresent();
        // one worker, because several do not keep the order
        Path config = Files.writeString(directory.resolve("rsyslog.conf"), """
                global(workDirectory="%1$s" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
                main_queue(queue.workerThreads="1")
                module(load="imtcp")
                input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="%1$s/port")
                template(name="fields" type="string"
                         string="%%hostname%%|%%app-name%%|%%procid%%|%%msgid%%|%%structured-data%%|%%timestamp:::date-rfc3339%%|%%msg%%\\n")
                action(type="omfile" file="%1$s/received" template="fields")
                """.formatted(directory));
        server = new ProcessBuilder(
                        program.get().toString(),
                        "-n",
                        "-f",
                        config.toString(),
                        "-i",
                        directory.resolve("pid").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
    }

    @AfterEach
    void endServer() throws InterruptedException {
        if (server != null) {
            server.destroyForcibly();
            assertThat(server.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    private SyslogTarget target(SyslogTarget.Framing framing) {
        Path port = directory.resolve("port");
        await().atMost(PATIENCE).until(() -> Files.exists(port) && Files.size(port) > 0);
        return SyslogTarget.parse("syslog://127.0.0.1:%s?format=%s"
                .formatted(read(port).strip(), framing == SyslogTarget.Framing.NEWLINE ? "newline" : "rfc6587"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> received() {
        Path file = directory.resolve("received");
        return Files.exists(file) ? read(file).lines().toList() : List.of();
    }

    private void awaitReceived(int count) {
        await().atMost(PATIENCE).until(() -> received().size() >= count);
    }

    private List<String> receivedTexts() {
        return received().stream()
                .map(line -> line.substring(line.lastIndexOf('|') + 1))
                .toList();
    }

    private static List<String> texts() {
        return IntStream.range(0, LINES).mapToObj(i -> "line " + i).toList();
    }

    @ParameterizedTest
    @EnumSource(SyslogTarget.Framing.class)
    void everyLineOfASinkArrivesInItsOrder(SyslogTarget.Framing framing) {
        try (var sink = new SyslogSink(target(framing))) {
            for (String text : texts()) {
                // what does not fit into a buffer would be dropped
                if (text.endsWith("000")) {
                    assertThat(sink.flush(Lines.APP, PATIENCE)).isTrue();
                }
                sink.accept(Lines.APP, Lines.message(text));
            }
            awaitReceived(LINES);
            assertThat(sink.dropped()).isZero();
        }
        assertThat(receivedTexts()).isEqualTo(texts());
    }

    @Test
    void everyLineThatAHostForwardsFromItsFilesArrivesInItsOrder() throws IOException {
        SyslogTarget target = target(SyslogTarget.Framing.OCTET_COUNTING);
        Path positions = directory.resolve("positions");
        try (var mux = new LogMux(directory.resolve("logs"), LogRotation.DEFAULTS, new DiskReserve(directory, 0));
                var forwarder = new LogForwarder(mux, new SyslogDestination(target, positions, mux::ends), "test")) {
            texts().forEach(text -> mux.accept(Lines.APP, Lines.message(text)));
            awaitReceived(LINES);
        }
        assertThat(receivedTexts()).isEqualTo(texts());
    }

    @Test
    void theServerSeesTheFieldsOfALine() {
        try (var sink = new SyslogSink(target(SyslogTarget.Framing.OCTET_COUNTING))) {
            sink.accept(Lines.APP, Lines.message("grün [x] \"y\" <13>1 z"));
            sink.accept(Lines.APP, Lines.message("x".repeat(10_000)));
            awaitReceived(2);
        }
        assertThat(received()).containsExactly(fields(1) + "grün [x] \"y\" <13>1 z", fields(2) + "x".repeat(10_000));
    }

    private static String fields(int seq) {
        return "host1|%s|web.%s|ID1|[flynn seq=\"%d\"]|2015-12-20T10:00:01.000000Z|"
                .formatted(Lines.APP, Lines.JOB, seq);
    }
}
