package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.JobRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What goes over the wire, beside the examples of the contract. */
class WireFormsTest {

    private static final String ID = "host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String APP = "5c0f1a2b-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final Instant CREATED = Instant.parse("2015-12-14T10:11:11Z");
    private static final Instant STARTED = Instant.parse("2015-12-14T10:11:12.3Z");
    private static final Instant ENDED = Instant.parse("2015-12-14T10:11:13.345678901Z");

    private final FlynnJson json = new FlynnJson();

    private JobSpec spec(String body) {
        return json.read(body, JobBody.class).spec(ID, "host1");
    }

    private JobRecord pending(String body) {
        return JobRecord.pending(spec(body), 0, CREATED);
    }

    private JobRecord running(String body) {
        return pending(body).starting(spec(body), CREATED).up("100.100.7.2", STARTED);
    }

    private String wire(JobRecord job) {
        return json.write(ActiveJobs.of(job));
    }

    /** The example of the contract, with the creation time of later clients. */
    @Test
    void aRunningJob() {
        String body = """
                {"id":"%s","artifact":{"url":"https://images.example/tuf?name=acme/web&id=12ab","type":"docker"},
                 "metadata":{"flynn-controller.app":"%s","flynn-controller.type":"web"},
                 "config":{"ports":[{"port":8080,"proto":"tcp"}]}}""".formatted(ID, APP);
        assertThat(wire(running(body)))
                .isEqualTo("{\"job\":{\"id\":\"" + ID + "\","
                        + "\"metadata\":{\"flynn-controller.app\":\"" + APP + "\",\"flynn-controller.type\":\"web\"},"
                        + "\"artifact\":{\"url\":\"https://images.example/tuf?name=acme/web&id=12ab\",\"type\":\"docker\"},"
                        + "\"config\":{\"env\":{\"EXTERNAL_IP\":\"100.100.7.2\",\"PORT\":\"8080\",\"PORT_0\":\"8080\"},"
                        + "\"ports\":[{\"port\":8080,\"proto\":\"tcp\"}]}},"
                        + "\"host_id\":\"host1\",\"internal_ip\":\"100.100.7.2\",\"status\":1,"
                        + "\"created_at\":\"2015-12-14T10:11:11Z\",\"started_at\":\"2015-12-14T10:11:12.3Z\","
                        + "\"ended_at\":\"0001-01-01T00:00:00Z\"}");
    }

    @Test
    void whatIsEmptyIsLeftOutAndObjectsInsideAreNot() {
        assertThat(wire(pending("{\"artifact\":{\"url\":\"u\"}}")))
                .isEqualTo("{\"job\":{\"id\":\"" + ID
                        + "\",\"artifact\":{\"url\":\"u\",\"type\":\"docker\"},\"config\":{}},"
                        + "\"host_id\":\"host1\",\"created_at\":\"2015-12-14T10:11:11Z\","
                        + "\"started_at\":\"0001-01-01T00:00:00Z\",\"ended_at\":\"0001-01-01T00:00:00Z\"}");
    }

    @Test
    void theEndOfAJob() {
        JobRecord up = running("{\"artifact\":{\"url\":\"u\"}}");
        JobStatus status = JobStatus.starting(new JobId(ID), CREATED);
        assertThat(wire(up.down(status.exited(0, ENDED), ENDED)))
                .contains("\"status\":2,")
                .endsWith("\"ended_at\":\"2015-12-14T10:11:13.345678901Z\",\"exit_status\":0}");
        assertThat(wire(up.down(status.signalled(9, ENDED), ENDED)))
                .contains("\"status\":2,")
                .endsWith("\"exit_status\":0}");
        assertThat(wire(up.down(status.exited(7, ENDED), ENDED)))
                .contains("\"status\":3,")
                .endsWith("\"exit_status\":7}");
        assertThat(wire(up.down(status.failed("container failed to start", ENDED), ENDED)))
                .contains("\"status\":4,")
                .endsWith("\"error\":\"container failed to start\"}")
                .doesNotContain("exit_status");
    }

    @Test
    void surprise7AHealthCheckHasItsStatusUnderBothKeysAndIsReadFromBoth() {
        String body = """
                {"artifact":{"url":"u"},"config":{"ports":[{"port":0,"service":{"name":"web","create":true,
                  "check":{"type":"http","interval":3000000000,"threshold":4,"kill_down":true,"start_timeout":5000000000,
                           "path":"/up","match":"ok","%s":204}}}]}}""";
        for (String key : List.of("status", "status.omitempty")) {
            HealthCheck check = spec(body.formatted(key))
                    .ports()
                    .get(0)
                    .service()
                    .orElseThrow()
                    .check()
                    .orElseThrow();
            assertThat(check)
                    .isEqualTo(new HealthCheck(
                            "http",
                            Duration.ofSeconds(3),
                            4,
                            true,
                            Duration.ofSeconds(5),
                            "/up",
                            Optional.empty(),
                            Optional.of("ok"),
                            204));
        }
        assertThat(wire(pending(body.formatted("status"))))
                .contains(
                        "\"check\":{\"type\":\"http\",\"interval\":3000000000,\"threshold\":4,\"kill_down\":true,"
                                + "\"start_timeout\":5000000000,\"path\":\"/up\",\"match\":\"ok\",\"status\":204,\"status.omitempty\":204}");
    }

    @Test
    void surprise8TheControllersSpellingIsReadToo() {
        assertThat(spec("{\"artifact\":{\"uri\":\"u\",\"type\":\"host\"}}").image())
                .isEqualTo(new JobSpec.Image("host", "u"));
        JobSpec job = spec("{\"artifact\":{\"url\":\"u\"},\"config\":{\"entry_point\":[\"a\"],\"cmd\":[\"b\"]}}");
        assertThat(job.entrypoint()).containsExactly("a");
        assertThat(job.cmd()).containsExactly("b");
        assertThat(spec("{\"artifact\":{\"url\":\"u\"},\"config\":{\"args\":[\"a\",\"b\"]}}")
                        .entrypoint())
                .containsExactly("a", "b");
    }

    @Test
    void surprise9TheAddressOfAJobInTheHostsNetworkIsNil() {
        String body = "{\"artifact\":{\"url\":\"u\"},\"config\":{\"host_network\":true}}";
        assertThat(wire(running(body))).contains("\"internal_ip\":\"<nil>\"", "\"host_network\":true");
        assertThat(wire(pending(body))).doesNotContain("internal_ip");
    }

    @Test
    void surprise11AUserIsAcceptedAndMeansNothing() {
        String plain = "{\"artifact\":{\"url\":\"u\"}}";
        assertThat(spec("{\"artifact\":{\"url\":\"u\"},\"config\":{\"uid\":7}}"))
                .isEqualTo(spec(plain));
    }

    @Test
    void everyFieldGoesInAndOut() {
        String body = """
                {"artifact":{"url":"host:shell","type":"host"},"resurrect":true,"partition":"background",
                 "resources":{"memory":{"request":1,"limit":2},"max_fd":{"limit":3}},
                 "config":{"tty":true,"stdin":true,"data":true,"disable_log":true,"host_network":true,"working_dir":"/w",
                   "env":{"A":"b"},"mounts":[{"location":"/in","target":"/host","writeable":true},{"location":"/r","target":"/o"}]}}""";
        JobSpec job = spec(body);
        assertThat(job.tty()).contains(TerminalSize.DEFAULT);
        assertThat(job.resurrect()).isTrue();
        assertThat(job.partition()).contains(Priority.BACKGROUND);
        assertThat(job.mounts())
                .containsExactly(
                        new Mount("/host", "/in", Mount.Access.READ_WRITE),
                        new Mount("/o", "/r", Mount.Access.READ_ONLY));
        assertThat(job.resources().get("memory").request()).hasValue(1);
        assertThat(job.resources().get("max_fd").request()).isEmpty();
        assertThat(job.resources())
                .hasEntrySatisfying(
                        "max_fd",
                        limit -> assertThat(limit)
                                .isEqualTo(new ResourceLimit(
                                        java.util.OptionalLong.empty(), java.util.OptionalLong.of(3))));
        String shown = json.toTree(ActiveJobs.of(JobRecord.pending(job, 0, CREATED)))
                .path("job")
                .toString();
        assertThat(spec(shown)).isEqualTo(job);
        assertThat(shown)
                .contains("\"resources\":{\"max_fd\":{\"limit\":3},\"memory\":{\"request\":1,\"limit\":2}}")
                .contains("\"mounts\":[{\"location\":\"/in\",\"target\":\"/host\",\"writeable\":true}")
                .contains("\"working_dir\":\"/w\"", "\"partition\":\"background\",\"resurrect\":true");
    }

    @Test
    void aPartitionThatDoesNotExistIsNamed() {
        assertThat(spec("{\"artifact\":{\"url\":\"u\"},\"partition\":\"\"}").partition())
                .isEmpty();
        assertThatThrownBy(() -> spec("{\"artifact\":{\"url\":\"u\"},\"partition\":\"gold\"}"))
                .hasMessageContaining("partition")
                .hasMessageContaining("\"gold\" is none of system, user, background");
    }

    @Test
    void memberNamesAreReadInAnyCase() {
        assertThat(spec("{\"Artifact\":{\"URL\":\"u\",\"TYPE\":\"host\"},\"CONFIG\":{\"Cmd\":[\"a\"]},\"new\":1}")
                        .cmd())
                .containsExactly("a");
    }

    @Test
    void anEventHasTheJobAsItIsThen() {
        assertThat(json.write(new JobForms.EventForm("create", ID, null)))
                .isEqualTo("{\"event\":\"create\",\"job_id\":\"" + ID + "\"}");
    }

    @Test
    void eachThingHappensOnceAndInOrder() {
        JobRecord created = pending("{\"artifact\":{\"url\":\"u\"}}");
        JobRecord starting = created.starting(created.spec(), CREATED);
        JobRecord up = starting.up("127.0.0.1", STARTED);
        JobRecord asked = up.withStopRequested(STARTED).stopping(STARTED);
        JobRecord down = asked.down(JobStatus.starting(created.id(), CREATED).exited(0, ENDED), ENDED);
        List<JobEvents.Kind> all = new ArrayList<>();
        JobRecord before = null;
        for (JobRecord next :
                List.of(created, starting, up, asked, down, down.withRestartAt(Optional.of(ENDED), ENDED))) {
            all.addAll(JobEvents.between(before, next));
            before = next;
        }
        assertThat(all)
                .containsExactly(
                        JobEvents.Kind.CREATE, JobEvents.Kind.START, JobEvents.Kind.STOP, JobEvents.Kind.CLEANUP);
        // however much is seen at once
        assertThat(JobEvents.between(null, down)).isEqualTo(all);
        assertThat(JobEvents.between(starting, starting.lost("its host was restarted", ENDED)))
                .containsExactly(JobEvents.Kind.ERROR, JobEvents.Kind.CLEANUP);
    }

    @Test
    void linesAreCutWhereTheLogCutsThem() {
        List<String> lines = new ArrayList<>();
        var cutter = new LineCutter(line -> lines.add(new String(line, StandardCharsets.US_ASCII)));
        String text = "f".repeat(LineCutter.MAX_BYTES) + "\na\n\nbc" + "x".repeat(LineCutter.MAX_BYTES + 5) + "\nlast";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < bytes.length; i += 7) {
            cutter.accept(java.util.Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + 7)));
        }
        cutter.finish();
        assertThat(lines)
                .containsExactly(
                        "f".repeat(LineCutter.MAX_BYTES) + "\n",
                        "a\n",
                        "\n",
                        "bc" + "x".repeat(LineCutter.MAX_BYTES - 2) + "\n",
                        "x".repeat(7) + "\n",
                        "last\n");
    }
}
