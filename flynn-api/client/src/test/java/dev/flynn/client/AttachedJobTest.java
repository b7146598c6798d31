package dev.flynn.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttachedJobTest {

    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    private static final String SWITCHED =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: flynn-attach/0\r\n\r\n";
    private static final NewJob JOB = new NewJob(
            Optional.of(ReleaseId.random()),
            Optional.empty(),
            true,
            List.of("bash"),
            List.of(),
            Map.of(),
            Map.of(),
            false,
            0,
            0,
            true,
            Map.of());

    private final CompletableFuture<String> sent = new CompletableFuture<>();
    private final List<String> output = new ArrayList<>();
    private ScriptedServer server;
    private ControllerClient client;

    /** Reads so many bytes of the client's, then sends frames. */
    private AttachedJob attach(int bytes, String frames) {
        server = new ScriptedServer((request, in, out) -> {
            out.write(SWITCHED.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            sent.complete(HEX.formatHex(in.readNBytes(bytes)));
            out.write(HEX.parseHex(frames));
            out.flush();
            in.close();
        });
        client = ControllerClient.builder("http://127.0.0.1:" + server.port()).build();
        return client.attachJob("ledger", JOB);
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
    }

    private int run(AttachedJob job) throws IOException {
        return job.run((stream, bytes) -> output.add(stream + ":" + new String(bytes, StandardCharsets.UTF_8)));
    }

    @Test
    void deliversOutputAndTheExitStatus() throws IOException {
        try (AttachedJob job = attach(
                0, "03 01 00 00 00 06 68 65 6c 6c 6f 0a 03 02 00 00 00 02 6e 6f 03 02 00 00 00 00 05 00 00 00 07")) {
            assertThat(run(job)).isEqualTo(7);
        }

        assertThat(output).containsExactly("STDOUT:hello\n", "STDERR:no");
        ScriptedServer.Request request = server.requests().get(0);
        assertThat(request.line()).isEqualTo("POST /apps/ledger/jobs HTTP/1.1");
        assertThat(request.head()).contains("Upgrade: flynn-attach/0\r\n").contains("Connection: upgrade\r\n");
        assertThat(request.body()).contains("\"cmd\":[\"bash\"]").contains("\"disable_log\":true");
    }

    @Test
    void sendsInputItsEndSignalsAndSizesByteForByte() throws Exception {
        try (AttachedJob job = attach(24, "05 00 00 00 00")) {
            job.stdin(new byte[] {104, 105, 0}, 2);
            job.closeStdin();
            job.signal(15);
            job.resize(new TerminalSize(120, 40));

            assertThat(sent.get(20, TimeUnit.SECONDS))
                    .isEqualTo("03 00 00 00 00 02 68 69 03 00 00 00 00 00 04 00 00 00 0f 06 00 28 00 78");
        }
    }

    @Test
    void anErrorFrameIsAFailureWithItsText() throws IOException {
        try (AttachedJob job = attach(0, "02 00 00 00 04 6c 6f 73 74")) {
            assertThatThrownBy(() -> run(job))
                    .isInstanceOf(FlynnException.class)
                    .hasMessage("lost");
        }
    }

    @Test
    void aConnectionThatBreaksIsNoExit() throws IOException {
        try (AttachedJob job = attach(0, "03 01 00 00")) {
            assertThatThrownBy(() -> run(job)).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void framesOfAbsurdSizeAreRefused() throws IOException {
        try (AttachedJob job = attach(0, "03 01 ff ff ff ff")) {
            assertThatThrownBy(() -> run(job)).isInstanceOf(IOException.class).hasMessageContaining("4294967295");
        }
    }

    @Test
    void aRefusalIsAnUnexpectedStatusEvenWhenSomethingIsMissing() {
        server = new ScriptedServer(ScriptedServer.always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
        client = ControllerClient.builder("http://127.0.0.1:" + server.port()).build();

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.attachJob("ledger", JOB));

        assertThat(failure).hasMessage("httpclient: unexpected status 404");
    }
}
