package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.ComponentContext;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NegotiationTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        // engine, its versions, what is spoken, whether a terminal has its size from the start
        "Engine, 1.12, 1.40, 1.40, false",
        "Engine, 1.12, 1.41, 1.41, false",
        "Engine, 1.12, 1.43, 1.43, true",
        "Engine, 1.24, 1.44, 1.44, true",
        "Engine, 1.44, 1.52, 1.44, true",
        "Podman Engine, 1.24, 1.40, 1.40, false",
        "Podman Engine, 1.24, 1.41, 1.41, false",
        "Podman Engine, 1.24, 1.44, 1.44, false",
    })
    void theNewestVersionThatBothSpeakIsSpoken(
            String name, String oldest, String newest, String spoken, boolean sizesTerminals) throws IOException {
        try (var fake = new FakeEngine(directory.resolve("socket"), name, oldest, newest);
                Engine engine = Engine.open(fake.host())) {
            engine.tell(client -> client.pingCmd().exec());
            engine.stream("/events").close();

            assertThat(fake.asked()).endsWith("/v" + spoken + "/_ping", "/v" + spoken + "/events");
            assertThat(engine.sizesTerminals()).isEqualTo(sizesTerminals);
            assertThat(engine.isPodman()).isEqualTo(name.startsWith("Podman"));
        }
    }

    @ParameterizedTest
    @CsvSource({"Engine, true", "Podman Engine, false"})
    void bridgesThatAreThereAreJoinedByDockerAndNotByPodman(String name, boolean joined) throws IOException {
        var context = new ComponentContext("host1", directory, Clock.systemUTC());
        try (var fake = new FakeEngine(directory.resolve("socket"), name, "1.24", "1.41")) {
            assertThat(new DockerContainerBackendFactory().joinsBridges(Map.of("host", fake.host()), context))
                    .isEqualTo(joined);
        }
    }

    @Test
    void anEngineThatIsTooOldIsRefusedWithWhatIsNeeded() throws IOException {
        try (var fake = new FakeEngine(directory.resolve("socket"), "Engine", "1.12", "1.39")) {
            assertRefused(fake, "1.39", "20.10");
        }
    }

    @Test
    void anEngineThatIsTooNewIsRefusedToo() throws IOException {
        try (var fake = new FakeEngine(directory.resolve("socket"), "Engine", "1.50", "1.60")) {
            assertRefused(fake, "1.50", "1.44");
        }
    }

    private static void assertRefused(FakeEngine fake, String... saying) {
        assertThatThrownBy(() -> Engine.open(fake.host()))
                .hasMessageContainingAll(saying)
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
    }

    /** Says which versions it speaks, and answers all else with nothing. */
    private static final class FakeEngine implements AutoCloseable {

        private final Path socket;
        private final String version;
        private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        private final List<String> asked = new CopyOnWriteArrayList<>();

        FakeEngine(Path socket, String name, String oldest, String newest) throws IOException {
            this.socket = socket;
            this.version = """
                    {"ApiVersion":"%s","MinAPIVersion":"%s","Components":[{"Name":"%s","Version":"1"}]}""".formatted(newest, oldest, name);
            server.bind(UnixDomainSocketAddress.of(socket));
            new NamedThreads("fake-engine").newThread(this::serve).start();
        }

        String host() {
            return "unix://" + socket;
        }

        List<String> asked() {
            return List.copyOf(asked);
        }

        private void serve() {
            while (server.isOpen()) {
                try (SocketChannel connection = server.accept()) {
                    String path = read(connection).split(" ", 3)[1];
                    asked.add(path);
                    String body = path.endsWith("/version") ? version : "";
                    write(connection, """
                            HTTP/1.1 200 OK\r
                            Content-Type: application/json\r
                            Connection: close\r
                            Content-Length: %d\r
                            \r
                            %s""".formatted(body.length(), body));
                } catch (IOException e) {
                    continue; // the one who asked is gone, or all is over
                }
            }
        }

        private static String read(SocketChannel connection) throws IOException {
            var request = new StringBuilder();
            ByteBuffer bytes = ByteBuffer.allocate(4096);
            while (!request.toString().contains("\r\n\r\n") && connection.read(bytes.clear()) >= 0) {
                request.append(StandardCharsets.UTF_8.decode(bytes.flip()));
            }
            return request.toString();
        }

        private static void write(SocketChannel connection, String answer) throws IOException {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(answer);
            while (bytes.hasRemaining()) {
                connection.write(bytes);
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
