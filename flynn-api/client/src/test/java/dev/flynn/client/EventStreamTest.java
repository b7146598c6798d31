package dev.flynn.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.deployment.DeploymentProgress;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.ReleaseId;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventStreamTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
    private static final String RELEASE = "77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e";

    private ScriptedServer server;
    private ControllerClient client;

    private ControllerClient clientOf(ScriptedServer.Script script) {
        server = new ScriptedServer(script);
        client = ControllerClient.builder("http://127.0.0.1:" + server.port()).build();
        return client;
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static String event(long id, String data) {
        return "data: {\"id\":" + id + ",\"object_type\":\"deployment\",\"object_id\":\"x\",\"data\":" + data
                + ",\"created_at\":\"2015-12-14T09:33:02.5Z\"}\n\n";
    }

    private static String progress(String status, String more) {
        return "{\"app\":\"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10\",\"deployment\":\"a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11\","
                + "\"release\":\"" + RELEASE + "\",\"status\":\"" + status + "\"" + more + "}";
    }

    @Test
    void resumesBehindTheLastEventWhenTheStreamEnds() throws InterruptedException {
        clientOf((request, in, out) -> {
            write(out, STREAM + ":\n" + event(request.connection(), "null"));
            if (request.connection() < 3) {
                in.close();
            }
        });

        try (EventStream events = client.events(EventFilter.ofApp("ledger", EventType.JOB, EventType.SCALE))) {
            assertThat(events.next(PATIENCE).orElseThrow().id()).isEqualTo(1);
            assertThat(events.next(PATIENCE).orElseThrow().id()).isEqualTo(2);
            assertThat(events.next(PATIENCE).orElseThrow().id()).isEqualTo(3);
        }

        assertThat(server.requests().get(0).line())
                .isEqualTo("GET /events?app_id=ledger&object_types=job%2Cscale HTTP/1.1");
        assertThat(server.requests())
                .extracting(request -> request.head()
                        .lines()
                        .filter(line -> line.startsWith("Last-Event-Id"))
                        .findFirst()
                        .orElse(""))
                .containsExactly("Last-Event-Id: 0", "Last-Event-Id: 1", "Last-Event-Id: 2");
        assertThat(server.requests().get(0).head()).contains("Accept: text/event-stream\r\n");
    }

    @Test
    void aMissingAppIsFinal() {
        clientOf(ScriptedServer.always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));

        FlynnException failure = catchThrowableOfType(
                FlynnException.class, () -> client.events(EventFilter.ofApp("none", EventType.JOB)));

        assertThat(failure).hasMessage("controller: resource not found");
        assertThat(server.requests()).hasSize(1);
    }

    private void deploymentThatEndsWith(String lastEvents) {
        clientOf((request, in, out) -> {
            if (request.line().startsWith("POST")) {
                write(out, ScriptedServer.json(200, """
                                {"id":"a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11","app":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10",\
                                "new_release":"%s","strategy":"one-by-one","status":"pending","processes":{"web":2},\
                                "deploy_timeout":30,"created_at":"2015-12-14T09:30:11.020144Z"}""".formatted(RELEASE)));
            } else {
                write(out, STREAM + event(1, progress("pending", "")) + lastEvents);
            }
        });
    }

    @Test
    void followsADeploymentToItsEnd() {
        deploymentThatEndsWith(event(2, progress("running", ",\"job_type\":\"web\",\"job_state\":\"up\""))
                + event(3, progress("complete", "")));
        List<DeploymentProgress> steps = new ArrayList<>();

        client.deployAndWait("ledger", ReleaseId.of(RELEASE), steps::add);

        assertThat(steps)
                .extracting(step -> step.status().wireName())
                .containsExactly("pending", "running", "complete");
        assertThat(server.requests().get(1).line())
                .isEqualTo("GET /events?app_id=ledger&object_types=deployment"
                        + "&object_id=a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11&past=true HTTP/1.1");
    }

    @Test
    void aFailedDeploymentTellsItsReason() {
        deploymentThatEndsWith(event(2, progress("failed", ",\"error\":\"web process type failed to start\"")));

        FlynnException failure = catchThrowableOfType(
                FlynnException.class, () -> client.deployAndWait("ledger", ReleaseId.of(RELEASE), step -> {}));

        assertThat(failure).hasMessage("web process type failed to start");
    }
}
