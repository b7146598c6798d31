package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SyslogSinkTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String PASSWORD = "changeit";

    @TempDir
    Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private <C extends AutoCloseable> C open(C closeable) {
        opened.add(closeable);
        return closeable;
    }

    private static List<String> texts(TestSyslogServer server) {
        return server.lines(Lines.APP).stream()
                .map(dev.flynn.api.log.LogMessage::message)
                .toList();
    }

    private static List<String> lines(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
    }

    private static void awaitTexts(TestSyslogServer server, List<String> expected) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(texts(server)).isEqualTo(expected));
    }

    @Test
    void messagesAreWhatRfc5424AndRfc6587Say() throws Exception {
        TestSyslogServer server = open(TestSyslogServer.tcp(SyslogTarget.Framing.OCTET_COUNTING, 0));
        SyslogSink sink = open(new SyslogSink(SyslogTarget.parse("syslog://127.0.0.1:" + server.port())));
        sink.accept(Lines.APP, Lines.message("grün", Lines.TIME.plusNanos(1_234_567)));

        await().atMost(PATIENCE).until(() -> !server.messages.isEmpty());
        assertThat(server.messages)
                .containsExactly("<190>1 2015-12-20T10:00:01.001234Z host1 " + Lines.APP + " web." + Lines.JOB
                        + " ID1 [flynn seq=\"1\"] grün");
    }

    @Test
    void aServerThatWantsNewlinesGetsOneLineForEach() throws Exception {
        TestSyslogServer server = open(TestSyslogServer.tcp(SyslogTarget.Framing.NEWLINE, 0));
        SyslogSink sink =
                open(new SyslogSink(SyslogTarget.parse("syslog://127.0.0.1:" + server.port() + "?format=newline")));
        sink.accept(Lines.APP, Lines.message("one\ntwo"));
        sink.accept(Lines.APP, Lines.message(""));
        sink.accept(Lines.APP, Lines.message("three"));

        awaitTexts(server, List.of("one two", "", "three"));
    }

    @Test
    void eachDatagramIsAMessage() throws Exception {
        TestSyslogServer server = open(TestSyslogServer.udp());
        SyslogSink sink = open(new SyslogSink(SyslogTarget.parse("syslog+udp://127.0.0.1:" + server.port())));
        for (String text : lines(0, 50)) {
            sink.accept(Lines.APP, Lines.message(text));
        }
        sink.accept(Lines.APP, Lines.message("x".repeat(10_000)));

        await().atMost(PATIENCE).until(() -> server.messages.size() == 51);
        assertThat(texts(server))
                .startsWith(lines(0, 50).toArray(String[]::new))
                .endsWith("x".repeat(10_000));
    }

    @Test
    void aServerThatComesBackGetsWhatWaited() throws Exception {
        TestSyslogServer first = open(TestSyslogServer.tcp(SyslogTarget.Framing.OCTET_COUNTING, 0));
        int port = first.port();
        SyslogSink sink = open(new SyslogSink(SyslogTarget.parse("syslog://127.0.0.1:" + port)));
        lines(0, 100).forEach(text -> sink.accept(Lines.APP, Lines.message(text)));
        awaitTexts(first, lines(0, 100));
        first.close();
        // that it is gone is noticed before lines are sent to nobody
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(connections()).isEmpty());
        lines(100, 200).forEach(text -> sink.accept(Lines.APP, Lines.message(text)));

        TestSyslogServer second = open(TestSyslogServer.tcp(SyslogTarget.Framing.OCTET_COUNTING, port));
        awaitTexts(second, lines(100, 200));
        assertThat(sink.dropped()).isZero();
    }

    private static List<Thread> connections() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("syslog-end"))
                .toList();
    }

    @Test
    void aServerMustBeVouchedForByAnAuthorityAndHaveItsName() throws Exception {
        Path certificate = makeKey("CN=syslog", "san=ip:127.0.0.1", "right");
        TestSyslogServer server = open(secured("right"));

        SyslogSink trusting = open(
                new SyslogSink(SyslogTarget.parse("syslog+tls://127.0.0.1:" + server.port() + "?ca=" + certificate)));
        trusting.accept(Lines.APP, Lines.message("secret"));
        awaitTexts(server, List.of("secret"));

        SyslogSink wary = open(new SyslogSink(SyslogTarget.parse("syslog+tls://127.0.0.1:" + server.port())));
        wary.accept(Lines.APP, Lines.message("to a stranger"));
        assertThat(wary.flush(Lines.APP, Duration.ofSeconds(1))).isFalse();
        wary.close();
        assertThat(wary.dropped()).isEqualTo(1);

        SyslogSink byName = open(
                new SyslogSink(SyslogTarget.parse("syslog+tls://localhost:" + server.port() + "?ca=" + certificate)));
        byName.accept(Lines.APP, Lines.message("to the wrong name"));
        assertThat(byName.flush(Lines.APP, Duration.ofSeconds(1))).isFalse();
        assertThat(texts(server)).containsExactly("secret");
    }

    private Path makeKey(String name, String extension, String file) throws Exception {
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        String store = directory.resolve(file + ".p12").toString();
        run(
                keytool,
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                "EC",
                "-dname",
                name,
                "-ext",
                extension,
                "-keystore",
                store,
                "-storepass",
                PASSWORD,
                "-validity",
                "2");
        Path certificate = directory.resolve(file + ".pem");
        run(
                keytool,
                "-exportcert",
                "-rfc",
                "-alias",
                "a",
                "-keystore",
                store,
                "-storepass",
                PASSWORD,
                "-file",
                certificate.toString());
        return certificate;
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    private TestSyslogServer secured(String file) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(directory.resolve(file + ".p12"))) {
            keys.load(in, PASSWORD.toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return TestSyslogServer.stream(
                SyslogTarget.Framing.OCTET_COUNTING,
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    }

    @Test
    void linesAreForwardedFromFilesAlsoByTheNextProcess() throws Exception {
        TestSyslogServer server = open(TestSyslogServer.tcp(SyslogTarget.Framing.OCTET_COUNTING, 0));
        SyslogTarget target = SyslogTarget.parse("syslog://127.0.0.1:" + server.port());
        Path positions = directory.resolve("positions");
        Path logs = directory.resolve("logs");
        int written = 10;
        try (var mux = new LogMux(logs, LogRotation.DEFAULTS, new DiskReserve(directory, 0))) {
            lines(0, written).forEach(text -> mux.accept(Lines.APP, Lines.message(text)));
            assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
        }
        for (int round = 0; round < 3; round++) {
            try (var mux = new LogMux(logs, LogRotation.DEFAULTS, new DiskReserve(directory, 0))) {
                lines(written, written + 50).forEach(text -> mux.accept(Lines.APP, Lines.message(text)));
                written += 50;
                if (round == 0) {
                    // the first time it begins with what comes
                    assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
                }
                try (var forwarder =
                        new LogForwarder(mux, new SyslogDestination(target, positions, mux::ends), "test")) {
                    lines(written, written + 50).forEach(text -> mux.accept(Lines.APP, Lines.message(text)));
                    written += 50;
                    assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
                    String last = "line " + (written - 1);
                    await().atMost(PATIENCE).until(() -> texts(server).contains(last));
                }
            }
        }

        int first = Integer.parseInt(texts(server).get(0).substring("line ".length()));
        assertThat(first).isEqualTo(60);
        assertThat(texts(server)).isEqualTo(lines(first, written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://host:514",
                "syslog://",
                "syslog://host:99999",
                "syslog://host?format=xml",
                "syslog://host?tls=1",
                "not a url",
                "host"
            })
    void aTargetThatIsNoneIsRefused(String url) {
        assertThatThrownBy(() -> SyslogTarget.parse(url)).isInstanceOf(FlynnException.class);
    }

    @Test
    void aTargetIsReadFromItsUrl() {
        assertThat(SyslogTarget.parse("syslog://logs.example.org")).hasToString("syslog://logs.example.org:514");
        assertThat(SyslogTarget.parse("syslog+udp://10.0.0.1:5514")).hasToString("syslog+udp://10.0.0.1:5514");
        SyslogTarget tls = SyslogTarget.parse("syslog+tls://h:6514?format=newline&ca=/etc/ca.pem");
        assertThat(tls.framing()).isEqualTo(SyslogTarget.Framing.NEWLINE);
        assertThat(tls.authorities()).contains(Path.of("/etc/ca.pem"));
    }
}
