package dev.flynn.client;

import static dev.flynn.client.ScriptedServer.always;
import static dev.flynn.client.ScriptedServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Release;
import dev.flynn.json.FlynnJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerClientTest {

    private static final String APP = """
            {"id":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10","name":"ledger","meta":{},"strategy":"all-at-once",\
            "created_at":"2015-12-14T09:12:03.4Z","updated_at":"2015-12-14T09:12:03.4Z"}""";
    private static final String NOT_FOUND = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

    private ScriptedServer server;
    private ControllerClient client;

    private ControllerClient clientOf(ScriptedServer.Script script) {
        server = new ScriptedServer(script);
        client = ControllerClient.builder("http://controller.flynn.localhost:" + server.port())
                .key("0b9d6c2a7e5f4138a1c2")
                .build();
        return client;
    }

    @AfterEach
    void close() throws IOException {
        if (client != null) {
            client.close();
            server.close();
        }
    }

    @Test
    void sendsTheKeyTheHostAndJsonAndNoAccept() {
        clientOf(always(json(200, APP))).createApp("ledger", Map.of("team", "billing"));

        ScriptedServer.Request request = server.requests().get(0);
        assertThat(request.line()).isEqualTo("POST /apps HTTP/1.1");
        assertThat(request.head())
                .contains("Authorization: Basic OjBiOWQ2YzJhN2U1ZjQxMzhhMWMy\r\n")
                .contains("Host: controller.flynn.localhost:" + server.port() + "\r\n")
                .contains("Content-Type: application/json\r\n")
                .doesNotContain("Accept:");
        assertThat(request.body()).contains("\"name\":\"ledger\"").contains("\"meta\":{\"team\":\"billing\"}");
    }

    @Test
    void aChangeOfAReleaseIsMadeAgainWhenSomebodyElseReleasedMeanwhile() {
        var current = new ArrayDeque<>(List.of(release("1", "red"), release("2", "blue")));
        var deployments = new ArrayDeque<>(List.of(
                json(409, "{\"code\":\"conflict\",\"message\":\"released meanwhile\"}"), json(200, deployment("4"))));
        clientOf((request, in, out) -> {
            String answer = request.line().startsWith("GET ")
                    ? json(200, current.remove())
                    : request.line().startsWith("POST /releases ") ? json(200, request.body()) : deployments.remove();
            out.write(answer.getBytes(StandardCharsets.UTF_8));
        });

        Release made = client.changeRelease("ledger", release -> with(release.orElseThrow(), "SIZE", "1"), step -> {});

        assertThat(made.env()).isEqualTo(Map.of("COLOR", "blue", "SIZE", "1"));
        assertThat(server.requests())
                .filteredOn(request -> request.line().startsWith("POST /apps/ledger/deploy "))
                .extracting(ScriptedServer.Request::body)
                .satisfiesExactly(
                        first -> assertThat(first).contains("\"old_release\":\"" + id("1") + "\""),
                        second -> assertThat(second)
                                .contains("\"old_release\":\"" + id("2") + "\"")
                                .contains("\"id\":\"" + made.id() + "\""));
    }

    private static Release with(Release release, String name, String value) {
        Map<String, String> env = new HashMap<>(release.env());
        env.put(name, value);
        return new Release(
                ReleaseId.random(),
                release.app(),
                release.artifacts(),
                env,
                release.meta(),
                release.processes(),
                release.createdAt());
    }

    private static String id(String digit) {
        return "00000000-0000-4000-8000-00000000000" + digit;
    }

    private static String release(String digit, String color) {
        return "{\"id\":\"%s\",\"env\":{\"COLOR\":\"%s\"},\"processes\":{},\"created_at\":\"2015-12-14T09:13:01Z\"}"
                .formatted(id(digit), color);
    }

    private static String deployment(String digit) {
        return "{\"id\":\"%s\",\"app\":\"%s\",\"new_release\":\"%s\",\"strategy\":\"all-at-once\",\"status\":\"complete\","
                        .formatted(id(digit), id("7"), id("8"))
                + "\"deploy_timeout\":30,\"created_at\":\"2015-12-14T09:30:11Z\",\"finished_at\":\"2015-12-14T09:30:12Z\"}";
    }

    @Test
    void usesOneConnectionForRequestsThatFollowEachOther() {
        clientOf(always(json(200, "[" + APP + "]")));

        assertThat(client.apps()).extracting(App::name).containsExactly("ledger");
        client.apps();

        assertThat(server.requests())
                .extracting(ScriptedServer.Request::connection)
                .containsExactly(1, 1);
    }

    @Test
    void noticesThatTheServerClosedAnIdleConnection() {
        clientOf((request, in, out) -> {
            out.write(json(200, APP).getBytes(StandardCharsets.UTF_8));
            out.flush();
            in.close();
        });

        client.createApp("ledger");
        client.createApp("ledger");

        assertThat(server.requests())
                .extracting(ScriptedServer.Request::connection)
                .containsExactly(1, 2);
    }

    @Test
    void readsOnAnotherConnectionIfTheServerClosedTheIdleOne() {
        clientOf((request, in, out) -> {
            out.write(json(200, "[" + APP + "]").getBytes(StandardCharsets.UTF_8));
            out.flush();
            in.close();
        });

        client.apps();

        assertThat(client.apps()).extracting(App::name).containsExactly("ledger");
        assertThat(server.requests())
                .extracting(ScriptedServer.Request::connection)
                .containsExactly(1, 2);
    }

    @Test
    void neverRepeatsAWriteWhoseAnswerWasLost() {
        clientOf((request, in, out) -> in.close());

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.createApp("ledger"));

        assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(failure).hasMessageStartingWith("cannot reach http://controller.flynn.localhost:");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void readsAnswersInChunks() {
        String half = APP.substring(0, 40);
        String rest = APP.substring(40);
        clientOf(always("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(half.length()) + ";ext=1\r\n" + half + "\r\n"
                + Integer.toHexString(rest.length()) + "\r\n" + rest + "\r\n0\r\nTrailer: x\r\n\r\n"));

        assertThat(client.app("ledger").name()).isEqualTo("ledger");
        assertThat(client.app("ledger").name()).isEqualTo("ledger");
        assertThat(server.requests().get(1).connection()).isEqualTo(1);
    }

    @Test
    void anAnswerThatEndsEarlyIsAFailure() {
        clientOf((request, in, out) -> {
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".getBytes(StandardCharsets.UTF_8));
            out.flush();
            in.close();
        });

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.app("ledger"));

        assertThat(failure).hasMessageContaining("in the middle of a response");
    }

    @Test
    void anEmpty404MeansThatTheObjectDoesNotExist() {
        clientOf(always(NOT_FOUND));

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.app("none"));

        assertThat(failure.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
        assertThat(failure).hasMessage("controller: resource not found");
        assertThat(client.findApp("none")).isEmpty();
        assertThat(client.findAppRelease("none")).isEmpty();
    }

    @Test
    void a404WithAnErrorObjectIsNoMissingObject() {
        clientOf(always(json(404, "{\"code\":\"not_found\",\"message\":\"no such route\",\"retry\":false}")));

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.findApp("none"));

        assertThat(failure).hasMessage("not_found: no such route");
    }

    @Test
    void errorsCarryCodeAndMessage() {
        clientOf(always(json(
                400,
                "{\"code\":\"validation_error\",\"message\":\"name String must match\",\"detail\":{\"field\":\"name\"},"
                        + "\"retry\":false}")));

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.createApp("Not_Valid"));

        assertThat(failure.code()).isEqualTo(ErrorCode.VALIDATION);
        assertThat(failure).hasMessage("validation_error: name String must match");
    }

    @Test
    void otherStatusesAreToldWithMethodAndUrl() {
        clientOf(always("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));

        FlynnException failure = catchThrowableOfType(FlynnException.class, client::apps);

        assertThat(failure.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        assertThat(failure)
                .hasMessage("GET http://controller.flynn.localhost:" + server.port()
                        + "/apps: httpclient: raw req: unexpected status 401");
    }

    @Test
    void a201IsNoSuccess() {
        clientOf(always(json(201, APP)));

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.createApp("ledger"));

        assertThat(failure).hasMessageEndingWith("unexpected status 201");
    }

    @Test
    void repeatsWhatTheServerCallsRepeatable() {
        var answers = new AtomicInteger();
        clientOf((request, in, out) -> {
            String reply = answers.incrementAndGet() < 3
                    ? json(500, "{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":true}")
                    : json(200, APP);
            out.write(reply.getBytes(StandardCharsets.UTF_8));
        });

        assertThat(client.createApp("ledger").name()).isEqualTo("ledger");

        assertThat(server.requests()).hasSize(3);
    }

    @Test
    void doesNotRepeatOtherFailures() {
        clientOf(
                always(json(500, "{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false}")));

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.createApp("ledger"));

        assertThat(failure).hasMessage("unknown_error: Something went wrong");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void theReasonOfAFailureThatIsNotTheControllersIsTold() {
        clientOf(always(json(
                500,
                "{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false,"
                        + "\"detail\":{\"reason\":\"provider \\\"pg\\\" is away\"}}")));

        assertThatThrownBy(() -> client.createApp("ledger"))
                .hasMessage("unknown_error: Something went wrong: provider \"pg\" is away");
    }

    @Test
    void a307SendsTheSameRequestElsewhere() throws IOException {
        try (var elsewhere = new ScriptedServer(always(json(200, APP)))) {
            clientOf(always("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:" + elsewhere.port()
                    + "/moved?x=1\r\nContent-Length: 0\r\n\r\n"));

            client.createApp("ledger");

            assertThat(elsewhere.requests()).hasSize(1);
            assertThat(elsewhere.requests().get(0).line()).isEqualTo("POST /moved?x=1 HTTP/1.1");
            assertThat(elsewhere.requests().get(0).body())
                    .isEqualTo(server.requests().get(0).body());
        }
    }

    @Test
    void putsNamesIntoPathsSafely() {
        clientOf(always(NOT_FOUND));

        client.findApp("a/b?c d");

        assertThat(server.requests().get(0).line()).isEqualTo("GET /apps/a%2Fb%3Fc%20d HTTP/1.1");
    }

    @Test
    void readsALogLineByLine() throws IOException {
        clientOf((request, in, out) -> {
            out.write("""
                    HTTP/1.1 200 OK\r
                    Content-Type: text/plain\r
                    Connection: close\r
                    \r
                    {"host_id":"h","job_id":"h-1","msg":"one","source":"app","stream":"stdout",\
                    "timestamp":"2015-12-14T09:15:40.120417Z"}
                    {"host_id":"h","job_id":"h-1","msg":"two","process_type":"web","source":"app","stream":"stderr",\
                    "timestamp":"2015-12-14T09:15:40.2Z"}
                    """.getBytes(StandardCharsets.UTF_8));
            in.close();
        });
        var options = new LogOptions(false, OptionalInt.of(2), Optional.of("h-1"), Optional.of(""));

        try (LogLines lines = client.log("ledger", options)) {
            assertThat(lines.next()).map(LogMessage::message).contains("one");
            assertThat(lines.next()).flatMap(LogMessage::processType).contains("web");
            assertThat(lines.next()).isEmpty();
        }
        assertThat(server.requests().get(0).line())
                .isEqualTo("GET /apps/ledger/log?lines=2&job_id=h-1&process_type= HTTP/1.1");
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws IOException {
        clientOf(always(NOT_FOUND));
        server.close();

        FlynnException failure = catchThrowableOfType(FlynnException.class, client::apps);

        assertThat(failure).hasMessageStartingWith("cannot reach http://controller.flynn.localhost:" + server.port());
    }

    @Test
    void namesAreReadWithoutTheRestOfTheApps() throws IOException {
        clientOf(always(ScriptedServer.json(200, """
                [{"id":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10","meta":{"id":"x","name":"y"},"name":"ledger","new":[{"a":[1]}]},\
                {"name":"b","id":"24c0b2ad9ff64f8e86f9d7c2d17f7894","strategy":null}]""")));

        assertThat(client.appNames())
                .containsExactly(
                        new AppName(AppId.of("5c3f0c9e1c1e4c1b8a530f6f7a1f9b10"), "ledger"),
                        new AppName(AppId.of("24c0b2ad9ff64f8e86f9d7c2d17f7894"), "b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[", "[1]", "[{}]", "[{\"id\":1,\"name\":\"a\"}]", "[] []", "[{\"id\":\"x\""})
    void whatIsNoListOfAppsIsRefused(String body) throws IOException {
        clientOf(always(ScriptedServer.json(200, body)));

        assertThat(catchThrowableOfType(FlynnException.class, client::appNames)).hasMessage(FlynnJson.SYNTAX_ERROR);
    }

    @Test
    void aBackupThatEndsEarlyIsNoBackup() {
        clientOf((request, in, out) -> {
            out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n4\r\na"
                    .getBytes(StandardCharsets.US_ASCII));
            out.close();
        });
        var archive = new ByteArrayOutputStream();

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> client.backup(archive));

        assertThat(failure).hasMessageContaining("in the middle of a response");
        assertThat(archive.toString(StandardCharsets.UTF_8)).startsWith("half");
    }
}
