package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("counts the threads of this process")
@Timeout(60)
class EventStreamTest {

    @TempDir
    Path directory;

    private ApiHost host;

    private ApiHost start(Duration keepAlive) throws IOException {
        host = new ApiHost(
                directory, api -> api.security(HostApiSecurity.open()).keepAlive(keepAlive));
        return host;
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aSilentStreamShowsThatItIsStillThere() throws Exception {
        start(Duration.ofMillis(50));
        try (var events = new EventReader(host.port(), "/host/jobs")) {
            assertThat(events.line()).isEqualTo(":");
            assertThat(events.line()).isEqualTo(":");
        }
    }

    @Test
    void aClientThatDoesNotReadIsCutOffAndToldSo() throws Exception {
        start(Duration.ofSeconds(30));
        host.agent.close(); // the jobs stay where they are
        try (var slow = new EventReader(host.port(), "/host/jobs")) {
            String big = host.shell("x".repeat(200_000));
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                host.put(host.newId(), big);
                return host.api.events().listeners() == 0;
            });
            String last = "";
            for (String line = slow.line(); line != null && last.isEmpty(); line = slow.line()) {
                last = line.equals("event: error") ? slow.line() : "";
            }
            assertThat(last).isIn("data: " + EventStream.TOO_SLOW, ""); // it may be cut off before it reads that
        }
    }

    @Test
    void aThousandSilentStreamsAreNoTroubleAndAllHearOfAJob() throws Exception {
        start(Duration.ofSeconds(30));
        List<EventReader> all = new ArrayList<>();
        try {
            for (int i = 0; i < 1000; i++) {
                all.add(new EventReader(host.port(), "/host/jobs"));
            }
            int threads = Thread.getAllStackTraces().size();
            assertThat(threads).isLessThan(200);
            String id = host.run(host.shell("true"));
            for (EventReader events : all) {
                assertThat(events.next().path("job_id").asText()).isEqualTo(id);
            }
        } finally {
            for (EventReader events : all) {
                events.close();
            }
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> host.api.events().listeners() == 0);
    }

    @Test
    void allStreamsEndWithTheApi() throws Exception {
        start(Duration.ofSeconds(30));
        try (var events = new EventReader(host.port(), "/host/jobs")) {
            host.api.close();
            String line = events.line();
            assertThat(line).isIn("event: error", null);
        }
    }
}
