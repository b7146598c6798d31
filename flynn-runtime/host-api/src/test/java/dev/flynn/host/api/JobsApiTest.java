package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.id.JobId;
import dev.flynn.json.Times;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API's requests, on a real connection and with real processes. */
@Timeout(60)
class JobsApiTest {

    private static final String INTERNAL =
            "{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false}";

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
    void aJobIsStartedListedAndShown() {
        assertThat(host.get("/host/jobs").body()).isEqualTo("{}");
        String id = host.run(host.shell("exec sleep 60"));
        JsonNode job = host.awaitStatus(id, ActiveJobs.RUNNING);
        assertThat(job.path("job").path("id").asText()).isEqualTo(id);
        assertThat(job.path("job").path("artifact").toString()).isEqualTo("{\"url\":\"host:shell\",\"type\":\"host\"}");
        assertThat(job.path("host_id").asText()).isEqualTo("host1");
        assertThat(job.path("internal_ip").asText()).isEqualTo("127.0.0.1");
        assertThat(Times.parse(job.path("started_at").asText())).isBefore(Instant.now());
        assertThat(host.json.readTree(host.get("/host/jobs").body()).path(id)).isEqualTo(job);
        assertThat(host.get("/host/jobs/" + id).headers().firstValue("content-type"))
                .hasValue("application/json");
    }

    @Test
    void surprise1TheStatusIsANumberAndMissingWhileTheJobIsStarting() {
        String id = host.newId();
        // nobody makes it start: the agent of this host is gone
        host.agent.close();
        host.put(id, host.shell("true"));
        assertThat(host.job(id).has("status")).isFalse();
        String running = ids(host.json.readTree(host.get("/host/jobs").body()));
        assertThat(running).isEqualTo(id);
    }

    private static String ids(JsonNode jobs) {
        return String.join(",", (Iterable<String>) jobs::fieldNames);
    }

    @Test
    void surprise2AJobThatASignalEndsIsDoneAndOnlyAnExitThatIsNotZeroIsACrash() {
        String killed = host.run(host.shell("kill -9 $$"));
        String crashed = host.run(host.shell("exit 9"));
        String done = host.run(host.shell("exit 0"));
        assertThat(host.awaitStatus(killed, ActiveJobs.DONE).path("exit_status").toString())
                .isEqualTo("0");
        assertThat(host.awaitStatus(crashed, ActiveJobs.CRASHED)
                        .path("exit_status")
                        .toString())
                .isEqualTo("9");
        assertThat(host.awaitStatus(done, ActiveJobs.DONE).path("exit_status").toString())
                .isEqualTo("0");
    }

    @Test
    void surprise3TimesAreNeverMissingAndUnsetIsYearOne() {
        String id = host.run(host.shell("exec sleep 60"));
        JsonNode job = host.awaitStatus(id, ActiveJobs.RUNNING);
        assertThat(job.path("ended_at").asText()).isEqualTo("0001-01-01T00:00:00Z");
        assertThat(job.has("exit_status")).isFalse();
        assertThat(job.has("error")).isFalse();
        host.send("DELETE", "/host/jobs/" + id, "");
        assertThat(host.job(id).path("ended_at").asText()).isNotEqualTo("0001-01-01T00:00:00Z");
    }

    @Test
    void surprise4StoppingOrSignallingAnUnknownOrFinishedJobIsAFailureOfTheServer() {
        String done = host.run(host.shell("true"));
        host.awaitStatus(done, ActiveJobs.DONE);
        for (String id : new String[] {done, host.newId(), "host2-x", "x"}) {
            HttpResponse<String> stop = host.send("DELETE", "/host/jobs/" + id, "");
            assertThat(stop.statusCode()).isEqualTo(500);
            assertThat(stop.body()).isEqualTo(INTERNAL);
            assertThat(host.send("PUT", "/host/jobs/" + id + "/signal/15", "").statusCode())
                    .isEqualTo(500);
            assertThat(host.send("PUT", "/host/jobs/" + id + "/discoverd-deregister", "")
                            .statusCode())
                    .isEqualTo(500);
        }
    }

    @Test
    void surprise5AJobIsAcceptedBeforeAnythingStartsAndItsFailureIsAnEvent() throws Exception {
        String id = host.newId();
        try (EventReader events = new EventReader(host.port(), "/host/jobs/" + id)) {
            host.put(id, "{\"artifact\":{\"type\":\"host\",\"url\":\"host:nothing\"}}");
            assertThat(events.next().path("event").asText()).isEqualTo("create");
            JsonNode error = events.next();
            assertThat(error.path("event").asText()).isEqualTo("error");
            assertThat(error.path("job").path("status").asInt()).isEqualTo(ActiveJobs.FAILED);
            assertThat(error.path("job").path("error").asText()).contains("nothing");
            assertThat(error.path("job").has("exit_status")).isFalse();
            assertThat(events.next().path("event").asText()).isEqualTo("cleanup");
        }
    }

    @Test
    void surprise7ConflictingPortsAreNamedUnderACapitalLetterAndBothAreRead() throws Exception {
        try (ServerSocket tcp = new ServerSocket(0);
                DatagramSocket udp = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            String taken = "{\"port\":%d,\"proto\":\"tcp\"}".formatted(tcp.getLocalPort());
            for (String member : new String[] {"Ports", "ports"}) {
                HttpResponse<String> answer = host.send(
                        "POST",
                        "/host/resource-check",
                        "{\"%s\":[{\"port\":%d},{\"port\":0}]}".formatted(member, tcp.getLocalPort()));
                assertThat(answer.statusCode()).isEqualTo(409);
                assertThat(answer.body())
                        .isEqualTo("{\"code\":\"conflict\",\"message\":\"Conflicting resources found\","
                                + "\"detail\":{\"Ports\":[" + taken + "]},\"retry\":false}");
            }
            String wanted = "{\"Ports\":[{\"port\":%d,\"proto\":\"udp\"}]}";
            assertThat(host.send("POST", "/host/resource-check", wanted.formatted(udp.getLocalPort()))
                            .statusCode())
                    .isEqualTo(409);
            HttpResponse<String> free = host.send("POST", "/host/resource-check", wanted.formatted(0));
            assertThat(free.statusCode()).isEqualTo(200);
            assertThat(free.body()).isEqualTo("{}");
        }
        assertThat(host.send("POST", "/host/resource-check", "{\"Ports\":[{\"port\":1,\"proto\":\"sctp\"}]}")
                        .body())
                .contains("\"field\":\"Ports.proto\"");
    }

    @Test
    void surprise10TagsAreMergedAndTheStatusShowsAll() {
        assertThat(host.send("POST", "/host/tags", "{\"disk\":\"ssd\",\"zone\":\"a\"}")
                        .statusCode())
                .isEqualTo(200);
        HttpResponse<String> second = host.send("POST", "/host/tags", "{\"zone\":\"\",\"rack\":\"7\"}");
        assertThat(second.statusCode()).isEqualTo(200);
        assertThat(second.body()).isEmpty();
        assertThat(host.json
                        .readTree(host.get("/host/status").body())
                        .path("tags")
                        .toString())
                .isEqualTo("{\"disk\":\"ssd\",\"rack\":\"7\"}");
        await().atMost(Duration.ofSeconds(20))
                .until(() ->
                        host.discovery.instances("flynn-host").get(0).meta().containsKey("tag:rack"));
        assertThat(host.send("POST", "/host/tags", "{\"a\":1}").statusCode()).isEqualTo(400);
        assertThat(host.send("POST", "/host/tags", "[]").statusCode()).isEqualTo(400);
    }

    @Test
    void surprise15StoppingReturnsOnceTheJobIsOver() {
        String id = host.run(host.shell("exec sleep 60"));
        host.awaitStatus(id, ActiveJobs.RUNNING);
        HttpResponse<String> answer = host.send("DELETE", "/host/jobs/" + id, "");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(host.job(id).path("status").asInt()).isEqualTo(ActiveJobs.DONE);
    }

    @Test
    void surprise16JobsThatAreOverStayInTheListUnlessOnlyActiveOnesAreWanted() {
        String done = host.run(host.shell("true"));
        host.awaitStatus(done, ActiveJobs.DONE);
        assertThat(ids(host.json.readTree(host.get("/host/jobs").body()))).isEqualTo(done);
        assertThat(host.get("/host/jobs?active=true").body()).isEqualTo("{}");
    }

    @Test
    void surprise17EventStreamsTellWhatHappensFromNowOn() throws Exception {
        String before = host.run(host.shell("exec sleep 60"));
        host.awaitStatus(before, ActiveJobs.RUNNING);
        try (EventReader events = new EventReader(host.port(), "/host/jobs")) {
            String id = host.run(host.shell("exit 3"));
            assertThat(events.next().path("event").asText()).isEqualTo("create");
            JsonNode start = events.next();
            assertThat(start.path("event").asText()).isEqualTo("start");
            assertThat(start.path("job_id").asText()).isEqualTo(id);
            assertThat(start.path("job").path("status").asInt()).isEqualTo(ActiveJobs.RUNNING);
            JsonNode stop = events.next();
            assertThat(stop.path("event").asText()).isEqualTo("stop");
            assertThat(stop.path("job").path("exit_status").asInt()).isEqualTo(3);
            assertThat(events.next().path("event").asText()).isEqualTo("cleanup");
        }
    }

    @Test
    void anUnknownJobIsNotFound() {
        for (String id : new String[] {host.newId(), "host2-1", "nonsense"}) {
            HttpResponse<String> answer = host.get("/host/jobs/" + id);
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(answer.body())
                    .isEqualTo("{\"code\":\"object_not_found\",\"message\":\"host: unknown job\",\"retry\":false}");
        }
    }

    @Test
    void anIdIsUsedOnceAndTheOneInTheBodyWins() {
        String id = host.newId();
        String body = host.shell("true").replaceFirst("\\{", "{\"id\":\"" + id + "\",");
        host.put(host.newId(), body);
        assertThat(host.job(id).path("job").path("id").asText()).isEqualTo(id);
        HttpResponse<String> again = host.send("PUT", "/host/jobs/" + id, host.shell("true"));
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(again.body())
                .isEqualTo("{\"code\":\"conflict\",\"message\":\"job already exists\",\"retry\":false}");
    }

    @Test
    void whatIsWrongWithAJobIsNamed() {
        String good = "\"artifact\":{\"type\":\"host\",\"url\":\"host:shell\"}";
        String[][] cases = {
            {"{}", "artifact.url"},
            {"{\"id\":\"host2-1\"," + good + "}", "id"},
            {"{\"metadata\":{\"flynn-controller.app\":\"no id\"}," + good + "}", "metadata"},
            {"{\"metadata\":{\"flynn-controller.release\":\"no id\"}," + good + "}", "metadata"},
            {"{\"config\":{\"ports\":[{\"port\":70000}]}," + good + "}", "config.ports.port"},
            {"{\"config\":{\"ports\":[{\"proto\":\"sctp\"}]}," + good + "}", "config.ports.proto"},
            {"{\"config\":{\"ports\":[null]}," + good + "}", "config.ports"},
            {
                "{\"config\":{\"ports\":[{\"service\":{\"name\":\"a\",\"check\":{\"type\":\"no\"}}}]}," + good + "}",
                "config.ports.check.type"
            },
            {"{\"config\":{\"mounts\":[{\"location\":\"/a\"}]}," + good + "}", "config.mounts.source"},
            {"{\"config\":{\"volumes\":[{\"volume\":\"v\"}]}," + good + "}", "config.volumes.target"},
            {"{\"mountspecs\":[{}]," + good + "}", "mountspecs"},
        };
        for (String[] wrong : cases) {
            HttpResponse<String> answer = host.send("PUT", "/host/jobs/" + host.newId(), wrong[0]);
            assertThat(answer.statusCode()).as(wrong[0]).isEqualTo(400);
            JsonNode error = host.json.readTree(answer.body());
            assertThat(error.path("code").asText()).isEqualTo("validation_error");
            assertThat(error.path("detail").path("field").asText())
                    .as(answer.body())
                    .isEqualTo(wrong[1]);
            assertThat(error.path("message").asText()).startsWith(wrong[1] + " ");
        }
        assertThat(host.get("/host/jobs").body()).isEqualTo("{}");
    }

    @Test
    void malformedBodiesAreTheClientsFaultAndTruncatedOnesTheServers() {
        String path = "/host/jobs/" + host.newId();
        for (String malformed :
                new String[] {"nonsense", "{\"config\":7}", "[]", "\"text\"", "{\"resurrect\":\"yes\"}", "null"}) {
            HttpResponse<String> answer = host.send("PUT", path, malformed);
            assertThat(answer.statusCode()).as(malformed).isEqualTo(400);
            assertThat(answer.body())
                    .isEqualTo(
                            "{\"code\":\"syntax_error\",\"message\":\"The provided JSON input is invalid\",\"retry\":false}");
        }
        for (String truncated : new String[] {"", "{", "{\"config\":{", "{\"id\":\"a"}) {
            HttpResponse<String> answer = host.send("PUT", path, truncated);
            assertThat(answer.statusCode()).as(truncated).isEqualTo(500);
            assertThat(answer.body()).isEqualTo(INTERNAL);
        }
    }

    @Test
    void aBodyOfMoreThanAMegabyteIsRefused() {
        HttpResponse<String> answer =
                host.send("PUT", "/host/jobs/" + host.newId(), "{\"x\":\"" + "y".repeat(1 << 20) + "\"}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("\"code\":\"request_body_too_big\"");
    }

    @Test
    void unknownPathsAndMethodsAreNotFoundAndASlashAtTheEndIsRedirected() {
        for (String[] unknown : new String[][] {
            {"GET", "/"},
            {"GET", "/host"},
            {"GET", "/nothing"},
            {"POST", "/host/jobs"},
            {"PATCH", "/host/jobs/a-b"},
            {"GET", "/host/tags"},
            {"GET", "/host/jobs/a/b/c"},
            {"PUT", "/storage/volumes"},
            {"GET", "/host/%zz"}
        }) {
            HttpResponse<String> answer = host.send(unknown[0], unknown[1].replace("%zz", "%2f"), "");
            assertThat(answer.statusCode()).as(String.join(" ", unknown)).isEqualTo(404);
            assertThat(answer.body()).isEqualTo("404 page not found\n");
            assertThat(answer.headers().firstValue("content-type")).hasValue("text/plain; charset=utf-8");
        }
        HttpResponse<String> moved = host.get("/host/jobs/?active=true");
        assertThat(moved.statusCode()).isEqualTo(301);
        assertThat(moved.headers().firstValue("location")).hasValue("/host/jobs?active=true");
        HttpResponse<String> put = host.send("PUT", "//elsewhere/", "{}");
        assertThat(put.statusCode()).isEqualTo(307);
        assertThat(put.headers().firstValue("location")).hasValue("/elsewhere");
    }

    @Test
    void theStatusSaysWhereTheHostIs() {
        JsonNode status = host.json.readTree(host.get("/host/status").body());
        assertThat(status.path("id").asText()).isEqualTo("host1");
        assertThat(status.path("pid").asLong())
                .isEqualTo(ProcessHandle.current().pid());
        assertThat(status.path("url").asText()).isEqualTo("http://127.0.0.1:1113");
        assertThat(status.path("discoverd").toString())
                .isEqualTo("{\"job_id\":\"\",\"url\":\"http://127.0.0.1:1111\",\"dns\":\"\"}");
        assertThat(status.path("network").toString())
                .isEqualTo("{\"subnet\":\"100.100.7.1/24\",\"mtu\":1450,\"resolvers\":[\"192.0.2.1\"]}");
        assertThat(status.has("tags")).isFalse();
    }

    @Test
    void announcementsOfDiscoveryAndNetworkAreAcceptedAndChangeNothing() {
        String before = host.get("/host/status").body();
        for (String path : new String[] {"/host/discoverd", "/host/network"}) {
            HttpResponse<String> answer = host.send("POST", path, "{\"url\":\"http://192.0.2.1:1111\",\"dns\":\"x\"}");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
        }
        assertThat(host.get("/host/status").body()).isEqualTo(before);
    }

    @Test
    void fetchingAndUpdatingIsRefusedWithWhatToDo() {
        for (String path : new String[] {"/host/pull/binaries", "/host/update"}) {
            HttpResponse<String> answer = host.send("POST", path, "x");
            assertThat(answer.statusCode()).isEqualTo(501);
            assertThat(answer.body()).contains("\"code\":\"unsupported\"").contains("install the new version");
        }
    }

    @Test
    void thereAreNoVolumesAndNoProviderOfThem() {
        assertThat(host.get("/storage/volumes").body()).isEqualTo("[]");
        assertThat(host.get("/storage/volumes/v1").statusCode()).isEqualTo(404);
        assertThat(host.send("DELETE", "/storage/volumes/v1", "").body())
                .contains("object_not_found")
                .contains("this host has no volumes");
        assertThat(host.send("POST", "/storage/providers/default/volumes", "").statusCode())
                .isEqualTo(404);
        HttpResponse<String> provider = host.send("POST", "/storage/providers", "{\"kind\":\"zfs\"}");
        assertThat(provider.statusCode()).isEqualTo(400);
        assertThat(provider.body()).contains("\"field\":\"kind\"");
    }

    @Test
    void aSignalIsSentToTheJob() throws Exception {
        Path seen = directory.resolve("seen");
        String id =
                host.run(host.shell("trap 'touch %s' USR1; echo up; while true; do sleep 0.05; done".formatted(seen)));
        host.awaitStatus(id, ActiveJobs.RUNNING);
        try (RawAttach up = RawAttach.to(host, id, AttachRequest.STDOUT | AttachRequest.LOGS | AttachRequest.STREAM)) {
            up.expect("success", "data 1 up\n");
        }
        HttpResponse<String> wrong = host.send("PUT", "/host/jobs/" + id + "/signal/USR1", "");
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat(wrong.body()).contains("\"detail\":{\"field\":\"sig\"}");
        assertThat(host.send("PUT", "/host/jobs/" + id + "/signal/10", "").statusCode())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(seen));
    }

    @Test
    void aJobIsTakenOutOfDiscoveryWithoutStoppingIt() {
        String id = host.run(host.shell(
                "exec sleep 60", ",\"ports\":[{\"proto\":\"udp\",\"service\":{\"name\":\"web\",\"create\":true}}]"));
        await().atMost(Duration.ofSeconds(20))
                .until(() -> host.discovery.instances("web").size() == 1);
        JsonNode config = host.job(id).path("job").path("config");
        assertThat(config.path("env").path("PORT").asText())
                .isEqualTo(config.path("ports").path(0).path("port").asText())
                .isNotEqualTo("0");
        assertThat(host.send("PUT", "/host/jobs/" + id + "/discoverd-deregister", "")
                        .statusCode())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> host.discovery.instances("web").isEmpty());
        assertThat(host.job(id).path("status").asInt()).isEqualTo(ActiveJobs.RUNNING);
    }

    @Test
    void aJobThatIsStoppedBeforeItStartsNeverRuns() {
        host.agent.close();
        String id = host.newId();
        host.put(id, host.shell("true"));
        assertThat(host.send("DELETE", "/host/jobs/" + id, "").statusCode()).isEqualTo(200);
        assertThat(host.job(id).path("force_stop").asBoolean()).isTrue();
        assertThat(host.state.jobs().find(new JobId(id)).orElseThrow().stopRequested())
                .isTrue();
    }
}
