package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code --json} prints is what the controller said, or a part of it. */
class JsonOutputTest {

    private static final String ID = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
    private static final String RELEASE = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";
    private static final String TIMES =
            "\"created_at\":\"2015-12-14T09:12:03.4Z\",\"updated_at\":\"2015-12-14T09:12:03.4Z\"";
    private static final String APP =
            "{\"id\":\"%s\",\"name\":\"ledger\",\"meta\":{\"owner\":\"payments\"},\"strategy\":\"all-at-once\",\"deploy_timeout\":30,%s}"
                    .formatted(ID, TIMES);
    private static final String JOB =
            "{\"id\":\"host-1\",\"app\":\"%s\",\"release\":\"%s\",\"type\":\"web\",\"state\":\"%s\",%s}";
    private static final String FORMATION =
            "{\"app\":\"%s\",\"release\":\"%s\",\"processes\":{\"web\":2},%s}".formatted(ID, RELEASE, TIMES);

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory).withCluster();
        cli.answer("GET /apps", "[" + APP + "]")
                .answer("GET /apps/ledger", APP)
                .answer(
                        "GET /apps/ledger/release",
                        ("{\"id\":\"%s\",\"env\":{\"B\":\"2\",\"A\":\"1\"},\"processes\":{\"web\":{\"env\":{\"A\":\"3\"},"
                                        + "\"resources\":{\"memory\":{\"request\":1,\"limit\":2}}}},%s}")
                                .formatted(RELEASE, TIMES))
                .answer(
                        "GET /apps/ledger/jobs",
                        "[" + JOB.formatted(ID, RELEASE, "up", TIMES) + "," + JOB.formatted(ID, RELEASE, "down", TIMES)
                                + "]")
                .answer("GET /apps/ledger/formations/" + RELEASE, FORMATION)
                .answer("GET /apps/ledger/formations", "[" + FORMATION + "]")
                .answer("GET /apps/ledger/routes", "[]")
                .answer("GET /apps/ledger/resources", "[]")
                .answer("GET /apps/ledger/releases", "[]")
                .answer("GET /apps/ledger/deployments", "[]")
                .answer("GET /providers", "[]")
                .answer(
                        "GET /apps/ledger/log",
                        "{\"host_id\":\"host\",\"job_id\":\"host-1\",\"msg\":\"hello\",\"process_type\":\"web\","
                                + "\"source\":\"app\",\"stream\":\"stdout\",\"timestamp\":\"2015-12-14T09:15:40Z\"}\n");
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private JsonNode json(String... command) {
        String[] args = new String[command.length + 3];
        args[0] = "-a";
        args[1] = "ledger";
        System.arraycopy(command, 0, args, 2, command.length);
        args[args.length - 1] = "--json";
        Cli.Result result = cli.run(args);
        assertThat(result).isEqualTo(new Cli.Result(0, result.out(), ""));
        assertThat(result.out()).endsWith("\n").containsOnlyOnce("\n");
        return new FlynnJson().readTree(result.out());
    }

    @Test
    void objectsAreThoseOfTheApi() {
        assertThat(json("apps").get(0).path("name").asText()).isEqualTo("ledger");
        assertThat(json("info").path("strategy").asText()).isEqualTo("all-at-once");
        assertThat(json("scale").path("processes")).hasToString("{\"web\":2}");
        assertThat(json("scale", "-a").get(0).path("release").asText()).isEqualTo(RELEASE);
        assertThat(json("log").path("msg").asText()).isEqualTo("hello");
    }

    @Test
    void optionsChooseWhatIsPrintedAsWithoutJson() {
        assertThat(json("ps")).hasSize(1);
        assertThat(json("ps", "-a")).hasSize(2);
        assertThat(json("env")).hasToString("{\"A\":\"1\",\"B\":\"2\"}");
        assertThat(json("env", "-t", "web")).hasToString("{\"A\":\"3\",\"B\":\"2\"}");
        assertThat(json("limit").path("web").path("memory").path("limit").asInt())
                .isEqualTo(2);
        assertThat(json("meta")).hasToString("{\"owner\":\"payments\"}");
    }

    @ParameterizedTest
    @CsvSource({"route", "resource", "release", "deployment", "provider"})
    void nothingIsAnEmptyList(String command) {
        assertThat(json(command)).hasToString("[]");
    }

    @Test
    void theListOfClustersKeepsTheirKeys() {
        assertThat(json("cluster"))
                .hasToString(
                        ("[{\"name\":\"test\",\"controller_url\":\"%s\",\"git_url\":\"https://git.test.example.net\","
                                        + "\"is_default\":true}]")
                                .formatted(cli.controllerUrl()));
    }

    @Test
    void actionsPrintWhatTheyMade() {
        String deployment = ("{\"id\":\"%s\",\"app\":\"%s\",\"new_release\":\"%s\",\"strategy\":\"all-at-once\","
                        + "\"status\":\"complete\",\"deploy_timeout\":30,\"created_at\":\"2015-12-14T09:30:11Z\"}")
                .formatted(ID, ID, RELEASE);
        String release = "{\"id\":\"%s\",\"env\":{},\"processes\":{},%s}".formatted(RELEASE, TIMES);
        cli.answer("POST /releases", release)
                .answer("GET /releases/" + ID, release)
                .answer("POST /apps/ledger/deploy", deployment)
                .answer("POST /apps/ledger/restart", deployment)
                .answer("POST /apps/ledger/meta", APP);

        for (String[] command :
                new String[][] {{"env", "set", "A=1"}, {"env", "unset", "A"}, {"limit", "set", "web", "memory=1GB"}}) {
            assertThat(json(command).path("id").asText())
                    .as("%s", (Object) command)
                    .isEqualTo(RELEASE);
        }
        assertThat(json("restart").path("status").asText()).isEqualTo("complete");
        assertThat(json("meta", "set", "team=a")).hasToString("{\"owner\":\"payments\"}");
    }

    @Test
    void scalingPrintsTheFormationAsItIsThenAndNothingElse() {
        cli.answer("PUT /apps/ledger/formations/" + RELEASE, FORMATION.replace(":2", ":3"));
        // it is over with the first of two events that would make it so
        cli.answer(
                "GET /events?app_id=ledger&object_types=job",
                "data: {\"id\":7,\"object_type\":\"job\",\"object_id\":\"host-1\",\"data\":%s,\"created_at\":\"2015-12-14T09:30:11Z\"}\n\n"
                        .formatted(JOB.formatted(ID, RELEASE, "up", TIMES)));

        assertThat(json("scale", "web=3").path("processes")).hasToString("{\"web\":3}");
        assertThat(json("scale", "-n", "web=3").path("processes")).hasToString("{\"web\":3}");
        assertThat(json("scale", "web=2").path("processes")).hasToString("{\"web\":2}");
    }

    @Test
    void jobsThatAreStartedOrKilled() {
        cli.answer(
                        "POST /apps/ledger/jobs",
                        "{\"id\":\"host-2\",\"release\":\"%s\",\"cmd\":[\"env\"]}".formatted(RELEASE))
                .answer("DELETE /apps/ledger/jobs/host-1", " ")
                .refuse("DELETE /apps/ledger/jobs/host-9", 500, "unknown_error", "Something went wrong");

        Cli.Result started = cli.run("-a", "ledger", "run", "-d", "--json", "env");
        assertThat(new FlynnJson().readTree(started.out()).path("id").asText()).isEqualTo("host-2");
        assertThat(started.err()).isEmpty();
        assertThat(cli.run("-a", "ledger", "run", "--json", "env"))
                .isEqualTo(new Cli.Result(
                        1, "", "ERROR: --json needs --detached: what an attached job prints is its own\n"));
        assertThat(json("kill", "host-1")).hasToString("[{\"id\":\"host-1\",\"killed\":true}]");
        Cli.Result some = cli.run("-a", "ledger", "kill", "host-1", "host-9", "--json");
        assertThat(some.status()).isEqualTo(1);
        assertThat(some.out())
                .isEqualTo("[{\"id\":\"host-1\",\"killed\":true},"
                        + "{\"id\":\"host-9\",\"error\":\"unknown_error: Something went wrong\"}]\n");
    }

    @Test
    void whatIsRemovedIsPrintedAsItWas() {
        String route =
                "{\"type\":\"http\",\"id\":\"%s\",\"service\":\"ledger-web\",\"domain\":\"a.example.net\",\"path\":\"/\",%s}"
                        .formatted(ID, TIMES);
        cli.answer("GET /apps/ledger/routes/http/" + ID, route).answer("DELETE /apps/ledger/routes/http/" + ID, " ");

        assertThat(json("route", "remove", "http/" + ID).path("domain").asText())
                .isEqualTo("a.example.net");
    }

    @Test
    void singleValuesAreObjects() {
        cli.answer("POST /apps/ledger", APP).answer("POST /apps/ledger/meta", APP);

        assertThat(json("env", "get", "A")).hasToString("{\"A\":\"1\"}");
        assertThat(json("deployment", "timeout")).hasToString("{\"deploy_timeout\":30}");
        assertThat(json("deployment", "timeout", "30")).hasToString("{\"deploy_timeout\":30}");
        assertThat(json("deployment", "batch-size")).hasToString("{\"deploy_timeout\":30}");
        assertThat(json("version").path("version").asText()).isNotEmpty();
    }

    @Test
    void changesOfTheListOfClustersKeepTheirKeys() {
        String added = json("cluster", "add", "--no-git", "other", "other.example.net", "secret")
                .toString();
        assertThat(added)
                .isEqualTo("{\"name\":\"other\",\"controller_url\":\"https://controller.other.example.net\","
                        + "\"git_url\":\"https://git.other.example.net\"}");
        assertThat(json("cluster", "default", "other").path("is_default").asBoolean())
                .isTrue();
        assertThat(json("cluster", "default").path("name").asText()).isEqualTo("other");
        assertThat(json("cluster", "remove", "other").path("name").asText()).isEqualTo("other");
        assertThat(json("cluster", "remove", "other").isNull()).isTrue();
    }

    @Test
    void whatGoesToStandardOutputItselfNeedsAFile() {
        assertThat(cli.run("-a", "ledger", "export", "--json").err()).contains("--json needs --file");
        assertThat(cli.run("cluster", "backup", "--json").err()).contains("--json needs --file");
    }
}
