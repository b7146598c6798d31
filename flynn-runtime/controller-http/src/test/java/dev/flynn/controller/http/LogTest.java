package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.AppId;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LogTest {

    @TempDir
    Path directory;

    TestController controller;
    private AppId app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = AppId.of(controller.createApp("ledger"));
        controller.logs.write(app, "host1-a", "web", "one");
        controller.logs.write(app, "host1-b", "clock", "two");
        controller.logs.write(app, "host1-c", "", "three");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Test
    void thePlainFormIsOneObjectALine() {
        Answer answer = controller.get("/apps/ledger/log");

        assertThat(answer.header("Content-Type")).isEqualTo("text/plain");
        assertThat(answer.body().lines().findFirst())
                .contains("{\"host_id\":\"host1\",\"job_id\":\"host1-a\",\"msg\":\"one\",\"process_type\":\"web\","
                        + "\"stream\":\"stdout\",\"timestamp\":\"2015-12-20T10:00:01.000000002Z\",\"source\":\"app\"}");
        assertThat(answer.body().lines()).hasSize(3);
        assertThat(answer.body()).endsWith("\n");
    }

    @Test
    void linesAreTheNewestAndNoneMeansAll() {
        assertThat(controller.get("/apps/ledger/log?lines=1").body())
                .contains("three")
                .doesNotContain("one", "two");
        assertThat(controller.get("/apps/ledger/log?lines=0").body().lines()).hasSize(3);
        assertThat(controller.get("/apps/ledger/log?lines=-5").body().lines()).hasSize(3);
    }

    @Test
    void linesAreFilteredByJobAndTypeAndAnEmptyTypeMeansOneOffJobs() {
        assertThat(controller.get("/apps/ledger/log?job_id=host1-b").body())
                .contains("two")
                .doesNotContain("one");
        assertThat(controller.get("/apps/ledger/log?process_type=web").body())
                .contains("one")
                .doesNotContain("two");
        assertThat(controller.get("/apps/ledger/log?process_type=").body())
                .contains("three")
                .doesNotContain("one");
    }

    @Test
    void linesAreFilteredByStream() {
        assertThat(controller.get("/apps/ledger/log?stream_types=stderr").body())
                .isEmpty();
        assertThat(controller
                        .get("/apps/ledger/log?stream_types=init,stdout")
                        .body()
                        .lines())
                .hasSize(3);
    }

    @Test
    void wrongNumbersAreRefused() {
        assertThat(controller.get("/apps/ledger/log?lines=10001").status()).isEqualTo(400);
        assertThat(controller.get("/apps/ledger/log?lines=x").status()).isEqualTo(500);
        assertThat(controller.get("/apps/nobody/log").status()).isEqualTo(404);
    }

    @Test
    void theStreamFormEndsWithEof() throws Exception {
        try (TestStream stream = controller.stream("/apps/ledger/log?lines=1", "Accept", "text/event-stream")) {
            assertThat(stream.data()).startsWith("{\"event\":\"message\",\"data\":{\"host_id\":\"host1\"");
            assertThat(stream.data()).isEqualTo("{\"event\":\"eof\"}");
            assertThat(stream.line()).isEqualTo("null");
        }
    }

    @Test
    void followingShowsNoHistoryUnlessItIsAskedFor() throws Exception {
        try (TestStream stream = controller.stream("/apps/ledger/log?follow=true")) {
            await().until(controller.logs::isFollowed);
            controller.logs.write(app, "host1-a", "web", "four");

            assertThat(stream.line()).contains("four");
        }
        try (TestStream stream =
                controller.stream("/apps/ledger/log?follow=true&lines=1", "Accept", "text/event-stream")) {
            assertThat(stream.data()).contains("four");
            controller.logs.write(app, "host1-a", "web", "five");
            assertThat(stream.data()).contains("five");
        }
    }

    @Test
    void aFollowerThatLeavesIsForgotten() throws Exception {
        try (TestStream stream = controller.stream("/apps/ledger/log?follow=true")) {
            await().until(controller.logs::isFollowed);
            assertThat(stream.status()).isEqualTo(200);
        }

        await().until(() -> !controller.logs.isFollowed());
    }
}
