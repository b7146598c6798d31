package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentCommandsTest {

    private static final String ID = "a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11";
    private static final String OLD = "51cbf2bb-a120-4e94-b1d8-47ae0122c647";
    private static final String EVENTS =
            "GET /events?app_id=ledger&object_types=deployment&object_id=" + ID + "&past=true";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory).withCluster();
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String deployment(String id, String status) {
        return ("{\"id\":\"%s\",\"app\":\"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10\",\"new_release\":"
                        + "\"77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e\",\"strategy\":\"canary\",\"status\":\"%s\","
                        + "\"deploy_timeout\":30,\"created_at\":\"2015-12-14T09:30:11.02Z\"}")
                .formatted(id, status);
    }

    private static String event(String data) {
        return ("data: {\"id\":7,\"object_type\":\"deployment\",\"object_id\":\"%s\",\"data\":{\"app\":"
                        + "\"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10\",\"deployment\":\"%s\",\"release\":"
                        + "\"77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e\",%s},\"created_at\":\"2015-12-14T09:30:11Z\"}\n\n")
                .formatted(ID, ID, data);
    }

    @Test
    void restartReplacesTheJobsOfATypeOrOfAll() {
        cli.answer("POST /apps/ledger/restart", deployment(ID, "complete"));

        assertThat(cli.run("-a", "ledger", "restart", "web"))
                .isEqualTo(new Cli.Result(0, "", "Restarted web of ledger.\n"));
        assertThat(cli.run("-a", "ledger", "restart"))
                .isEqualTo(new Cli.Result(0, "", "Restarted all process types of ledger.\n"));
        assertThat(cli.requests())
                .containsExactly(
                        "POST /apps/ledger/restart {\"type\":\"web\"}", "POST /apps/ledger/restart {\"type\":\"\"}");
    }

    @Test
    void cancelTakesBackTheDeploymentThatIsUnderWay() {
        cli.answer(
                        "GET /apps/ledger/deployments",
                        "[" + deployment(ID, "running") + "," + deployment(OLD, "complete") + "]")
                .answer("POST /apps/ledger/deployments/" + ID + "/cancel", deployment(ID, "running"))
                .answer(EVENTS, event("\"status\":\"failed\",\"error\":\"the deployment was cancelled\""));

        assertThat(cli.run("-a", "ledger", "deployment", "cancel"))
                .isEqualTo(new Cli.Result(0, "", "Deployment " + ID + " failed: the deployment was cancelled.\n"));
    }

    @Test
    void whatIsCompleteIsNotCancelled() {
        cli.answer("POST /apps/ledger/deployments/" + ID + "/cancel", deployment(ID, "running"))
                .answer(EVENTS, event("\"status\":\"complete\""));

        assertThat(cli.run("-a", "ledger", "deployment", "cancel", ID))
                .isEqualTo(new Cli.Result(1, "", "deployment " + ID + " was complete before it could be cancelled\n"));
    }

    @Test
    void promoteLetsACanaryGoOn() {
        cli.answer("POST /apps/ledger/deployments/" + ID + "/promote", deployment(ID, "complete"));

        assertThat(cli.run("-a", "ledger", "deployment", "promote", ID))
                .isEqualTo(new Cli.Result(0, "", "Deployment " + ID + " is complete.\n"));
    }

    @Test
    void whereNothingIsUnderWayNothingIsCancelled() {
        cli.answer("GET /apps/ledger/deployments", "[" + deployment(OLD, "complete") + "]");

        assertThat(cli.run("-a", "ledger", "deployment", "cancel").err())
                .isEqualTo("no deployment of ledger is under way\n");
    }
}
