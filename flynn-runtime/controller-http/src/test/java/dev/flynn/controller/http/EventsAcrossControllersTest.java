package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.event.EventType;
import dev.flynn.spi.store.Transaction;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client that resumes, as the reference client does, sees every event once, whatever becomes of the controllers. */
@Timeout(120)
class EventsAcrossControllersTest {

    private static final int TOTAL = 600;

    @TempDir
    Path directory;

    private TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private void append(int from, int to) {
        for (int i = from; i <= to; i++) {
            Transaction.Builder transaction = Transaction.builder();
            controller
                    .state
                    .events()
                    .append(transaction, EventType.PROVIDER, Optional.empty(), "p" + i, Map.of("i", i));
            var unused = controller.state.commit(transaction);
        }
    }

    /** Reads a stream, and goes on behind the last event at whatever controller there is when it ends. */
    private final class Client {

        private final IntSupplier port;
        private final String query;
        private final AtomicInteger connections = new AtomicInteger();
        private final List<Long> seen = new ArrayList<>();

        Client(IntSupplier port, String query) {
            this.port = port;
            this.query = query;
        }

        List<Long> readTo(long last) {
            while (lastSeen() < last) {
                try (Socket socket = new Socket("127.0.0.1", port.getAsInt())) {
                    // one that was accepted while its controller ended may never be answered
                    socket.setSoTimeout(2_000);
                    read(socket, last);
                } catch (IOException notThereNow) {
                    // tried again, as after the end of a stream
                }
            }
            return seen;
        }

        private synchronized long lastSeen() {
            return seen.isEmpty() ? 0 : seen.get(seen.size() - 1);
        }

        private void read(Socket socket, long last) throws IOException {
            socket.getOutputStream()
                    .write("""
                            GET /events%s HTTP/1.0\r
                            Authorization: %s\r
                            Accept: text/event-stream\r
                            Last-Event-Id: %d\r
                            \r
                            """.formatted(query, TestController.authorization(TestController.KEY), lastSeen())
                            .getBytes(StandardCharsets.US_ASCII));
            connections.incrementAndGet();
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String item = "";
            for (String line = lines.readLine(); line != null && lastSeen() < last; line = lines.readLine()) {
                if (line.isEmpty() && !item.isEmpty()) {
                    add(controller.json.readTree(item).get("id").asLong());
                    item = "";
                } else if (line.startsWith("data: ")) {
                    // what is cut off before the empty line is no item
                    item = line.substring("data: ".length());
                }
            }
        }

        private synchronized void add(long id) {
            seen.add(id);
        }

        void awaitEvent(long id) {
            await().atMost(Duration.ofSeconds(30)).until(() -> lastSeen() >= id);
        }
    }

    private static List<Long> all() {
        return LongStream.rangeClosed(1, TOTAL).boxed().toList();
    }

    @Test
    void nothingIsMissedOrSeenTwiceWhenTheControllerRestartsInTheMiddle() throws Exception {
        var port = new AtomicInteger(controller.port());
        var client = new Client(port::get, "?past=true");
        CompletableFuture<List<Long>> seen = CompletableFuture.supplyAsync(() -> client.readTo(TOTAL));
        for (int restart = 1; restart <= 3; restart++) {
            int from = 1 + 150 * (restart - 1);
            int connected = restart;
            await().until(() -> client.connections.get() >= connected);
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> append(from, from + 149));
            client.awaitEvent(from);
            controller.stopWeb();
            port.set(controller.startWeb());
            writer.join();
        }
        append(451, TOTAL);

        assertThat(seen.get()).isEqualTo(all());
        assertThat(client.connections.get()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void nothingIsMissedOrSeenTwiceWhenAnotherControllerTakesOver() throws Exception {
        var port = new AtomicInteger(controller.port());
        append(1, 20);
        var client = new Client(port::get, "?past=true");
        CompletableFuture<List<Long>> seen = CompletableFuture.supplyAsync(() -> client.readTo(TOTAL));
        try (ControllerWeb other = controller.anotherWeb()) {
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> append(21, TOTAL));
            client.awaitEvent(100);
            port.set(other.port());
            controller.stopWeb();
            writer.join();

            assertThat(seen.get()).isEqualTo(all());
        }
    }

    @Test
    void twoControllersTellTheSameInTheSameOrder() throws Exception {
        try (ControllerWeb other = controller.anotherWeb()) {
            var one = new Client(controller::port, "?past=true");
            var two = new Client(other::port, "?past=true");
            CompletableFuture<List<Long>> first = CompletableFuture.supplyAsync(() -> one.readTo(TOTAL));
            CompletableFuture<List<Long>> second = CompletableFuture.supplyAsync(() -> two.readTo(TOTAL));
            append(1, TOTAL);

            assertThat(first.get()).isEqualTo(all());
            assertThat(second.get()).isEqualTo(all());
            assertThat(one.connections.get()).isEqualTo(1);
        }
    }
}
