package dev.flynn.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.job.Priority;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.HealthChecks;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.api.release.Service;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlynnJsonTest {

    private static final Instant NOW = Instant.parse("2015-12-14T17:06:40.120000Z");

    private final FlynnJson json = new FlynnJson();

    @Test
    void anAppHasItsMetaEvenWhenItIsEmptyAndLeavesOutWhatIsNotSet() {
        var app = new App(
                AppId.of("5c3f0c9e1c1e4c1b8a530f6f7a1f9b10"),
                "ledger-api",
                Map.of(),
                Strategy.ALL_AT_ONCE,
                Optional.empty(),
                30,
                false,
                NOW,
                NOW);

        String text = json.write(app);

        assertThat(text)
                .isEqualTo("{\"id\":\"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10\",\"name\":\"ledger-api\",\"meta\":{},"
                        + "\"strategy\":\"all-at-once\",\"deploy_timeout\":30,"
                        + "\"created_at\":\"2015-12-14T17:06:40.12Z\",\"updated_at\":\"2015-12-14T17:06:40.12Z\"}");
        assertThat(json.read(text, App.class)).isEqualTo(app);
    }

    @Test
    void aReleaseSpeaksOfItsArtifactInBothForms() {
        var artifact = ArtifactId.random();
        var process = new ProcessType(
                List.of("start", "web"),
                List.of(),
                Map.of(),
                List.of(new Port(0, "tcp", Optional.of(new Service("x-web", true, Optional.of(HealthCheck.tcp()))))),
                false,
                false,
                false,
                Optional.of("x-web"),
                false,
                ResourceLimit.withDefaults(Map.of()));
        var release = new Release(
                ReleaseId.random(),
                Optional.empty(),
                List.of(artifact),
                Map.of("A", ""),
                Map.of(),
                Map.of("web", process),
                NOW);

        String text = json.write(release);

        assertThat(text).contains("\"artifact\":\"" + artifact + "\"", "\"artifacts\":[\"" + artifact + "\"]");
        assertThat(text).contains("\"port\":0", "\"env\":{\"A\":\"\"}");
        assertThat(json.read(text, Release.class)).isEqualTo(release);
    }

    @Test
    void aHealthCheckReadsItsStatusUnderTheHistoricKeyAndFillsInDefaults() {
        HealthCheck check =
                json.read("{\"type\":\"http\",\"interval\":3000000000,\"status.omitempty\":204}", HealthCheck.class);

        assertThat(check.status()).isEqualTo(204);
        assertThat(check.interval()).hasSeconds(3);
        assertThat(check.threshold()).isEqualTo(2);
        assertThat(json.write(check)).contains("\"status\":204");
    }

    @Test
    void aServiceMayHaveChecksOfItsOwnForStartAndLiveness() {
        String oneCheck = "{\"name\":\"x-web\",\"create\":true,\"check\":{\"type\":\"http\",\"kill_down\":true}}";
        String three = "{\"name\":\"x-web\",\"create\":true,\"check\":{\"type\":\"tcp\"},"
                + "\"startup\":{\"type\":\"http\",\"path\":\"/started\"},\"liveness\":{\"type\":\"http\",\"path\":\"/alive\"}}";

        Service one = json.read(oneCheck, Service.class);
        assertThat(one.startup()).isEmpty();
        assertThat(json.write(one)).doesNotContain("startup", "liveness");
        assertThat(HealthChecks.of(one, "tcp")).isEqualTo(new HealthChecks(one.check(), one.check(), one.check()));

        Service each = json.read(three, Service.class);
        assertThat(json.read(json.write(each), Service.class)).isEqualTo(each);
        HealthChecks checks = HealthChecks.of(each, "tcp");
        assertThat(checks.startup().map(HealthCheck::path)).contains("/started");
        assertThat(checks.readiness()).contains(HealthCheck.tcp());
        assertThat(checks.liveness().map(HealthCheck::path)).contains("/alive");
    }

    @Test
    void aHealthCheckByACommandIsReadAndWritten() {
        HealthCheck check =
                json.read("{\"type\":\"command\",\"command\":[\"bin/check\",\"\",\"a b\"]}", HealthCheck.class);

        assertThat(check).isEqualTo(HealthCheck.command("bin/check", "", "a b"));
        assertThat(json.write(check)).contains("\"command\":[\"bin/check\",\"\",\"a b\"]");
        assertThat(json.read(json.write(check), HealthCheck.class)).isEqualTo(check);
        assertThat(json.write(HealthCheck.tcp())).doesNotContain("command").doesNotContain("Command");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"command\"} must name a program when check.type is \"command\"",
                "{\"type\":\"command\",\"command\":null} must name a program when check.type is \"command\"",
                "{\"type\":\"command\",\"command\":[]} must name a program when check.type is \"command\"",
                "{\"type\":\"command\",\"command\":[\" \"]} must name a program when check.type is \"command\"",
                "{\"type\":\"command\",\"command\":\"bin/check\"} must be a list of strings, such as",
                "{\"type\":\"command\",\"command\":[\"bin/check\",5]} must be a list of strings, such as",
                "{\"type\":\"command\",\"command\":[\"bin/check\",\"\\u0000\"]} has a NUL",
                "{\"type\":\"http\",\"command\":[\"bin/check\"]} is for check.type \"command\" alone"
            })
    void aHealthCheckWhoseCommandIsNoneSaysWhichFieldIsWrong(String sample) {
        int end = sample.indexOf('}') + 1;

        FlynnException refusal = catchThrowableOfType(
                FlynnException.class, () -> json.read(sample.substring(0, end), HealthCheck.class));

        assertThat(refusal.code()).isEqualTo(ErrorCode.VALIDATION);
        assertThat(refusal.field()).contains("check.command");
        assertThat(refusal).hasMessageStartingWith("check.command" + sample.substring(end));
    }

    @Test
    void theEndOfABacklogIsAZeroTimeAndNothingElse() {
        var marker = new ExpandedFormation(
                Optional.empty(), Optional.empty(), Optional.empty(), Map.of(), Map.of(), Optional.empty());

        assertThat(json.write(marker)).isEqualTo("{\"updated_at\":\"0001-01-01T00:00:00Z\"}");
        assertThat(json.read(json.write(marker), ExpandedFormation.class)).isEqualTo(marker);
    }

    @Test
    void anExitStatusOfZeroIsThere() {
        var job = new Job(
                new JobId("node1-abc"),
                AppId.random(),
                ReleaseId.random(),
                Optional.of("web"),
                JobState.DOWN,
                List.of(),
                Map.of(),
                OptionalInt.of(0),
                Optional.empty(),
                0,
                NOW,
                NOW);

        assertThat(json.write(job)).contains("\"exit_status\":0", "\"state\":\"down\"");
        assertThat(json.read(json.write(job), Job.class)).isEqualTo(job);
    }

    @Test
    void aJobTellsTheNewerClientsItsPartsAndItsArgs() {
        var job = new Job(
                new JobId("node1-abc-def"),
                AppId.random(),
                ReleaseId.random(),
                Optional.empty(),
                JobState.PENDING,
                List.of("rake", "db:migrate"),
                Map.of(),
                OptionalInt.empty(),
                Optional.empty(),
                0,
                NOW,
                NOW);

        assertThat(json.write(job))
                .contains(
                        "\"uuid\":\"abc-def\"",
                        "\"host_id\":\"node1\"",
                        "\"cmd\":[\"rake\",\"db:migrate\"]",
                        "\"args\":[\"rake\",\"db:migrate\"]");
        assertThat(json.read(json.write(job), Job.class)).isEqualTo(job);
    }

    @Test
    void aWholeCommandLineIsWrittenInItsNewerFormToo() {
        ProcessType process = json.read("{\"args\":[\"/bin/server\",\"-v\"]}", ProcessType.class);

        assertThat(json.write(process)).contains("\"args\":[\"/bin/server\",\"-v\"]");
        assertThat(json.read(json.write(process), ProcessType.class)).isEqualTo(process);
        assertThat(json.write(ProcessType.ofCommand(List.of("start", "web")))).doesNotContain("args");
    }

    @Test
    void aProcessTypeIsReadInItsNewerFormToo() {
        ProcessType process = json.read(
                "{\"args\":[\"/bin/server\",\"-v\"],\"volumes\":[{\"path\":\"/data\",\"delete_on_stop\":true}],"
                        + "\"service\":\"\",\"env\":null}",
                ProcessType.class);

        assertThat(process.entrypoint()).containsExactly("/bin/server", "-v");
        assertThat(process.cmd()).isEmpty();
        assertThat(process.data()).isTrue();
        assertThat(process.service()).isEmpty();
    }

    @Test
    void aNewJobTakesTheFirstOfItsArtifactsAndItsArgs() {
        var artifact = ArtifactId.random();

        NewJob job = json.read(
                "{\"release\":\"\",\"artifacts\":[\"" + artifact
                        + "\"],\"args\":[\"ls\"],\"partition\":\"user\",\"data\":true}",
                NewJob.class);

        assertThat(job.release()).isEmpty();
        assertThat(job.artifact()).contains(artifact);
        assertThat(job.cmd()).containsExactly("ls");
        assertThat(job.data()).isTrue();
        assertThat(job.partition()).contains(Priority.USER);
        assertThatThrownBy(() -> json.read("{\"partition\":\"gold\"}", NewJob.class))
                .hasMessageContaining("partition")
                .hasMessageContaining("gold");
        assertThat(json.read(json.write(job), NewJob.class)).isEqualTo(job);
    }

    @Test
    void anEventCarriesItsDataAsJson() {
        var event = new Event(7, Optional.empty(), "scale", "x", "{\"processes\":null}", NOW);

        assertThat(json.write(event)).contains("\"data\":{\"processes\":null}");
        assertThat(json.read(json.write(event), Event.class)).isEqualTo(event);
    }

    @Test
    void aLogLineHasNanosecondsAndItsSource() {
        var line = new LogMessage(
                "host1", "host1-a", "", Optional.empty(), "stdout", Instant.parse("2015-12-20T10:00:01.000000002Z"));

        String text = json.write(line);

        assertThat(text)
                .contains("\"timestamp\":\"2015-12-20T10:00:01.000000002Z\"", "\"msg\":\"\"", "\"source\":\"app\"");
        assertThat(json.read(text, LogMessage.class)).isEqualTo(line);
    }

    @Test
    void aJobSpecComesBackAsItWas() {
        var spec = JobSpec.ofCommand(
                        JobId.random("node1"), new JobSpec.Image("host", "host:slugrunner"), List.of("a", ""))
                .withTty(new TerminalSize(120, 40))
                .withEnv(Map.of("A", "1"));

        assertThat(json.read(json.write(spec), JobSpec.class)).isEqualTo(spec);
    }

    @Test
    void brokenJsonAndWrongTypesAreSyntaxErrors() {
        for (String broken : List.of(
                "{", "[1]", "{\"name\":{}}", "{\"id\":7}", "{\"name\":7}", "{\"name\":true}", "{\"meta\":{\"a\":1}}")) {
            var refusal = catchThrowableOfType(FlynnException.class, () -> json.read(broken, App.class));
            assertThat(refusal).as(broken).isNotNull();
            assertThat(refusal.code()).as(broken).isEqualTo(ErrorCode.SYNTAX);
            assertThat(refusal).as(broken).hasMessage("The provided JSON input is invalid");
        }
    }

    @Test
    void whatAValueRefusesIsToldAsItIs() {
        assertThatThrownBy(() -> json.read("{\"port\":70000,\"proto\":\"tcp\"}", Port.class))
                .hasMessage("port must be 0 to 65535, was 70000");
    }
}
