package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouteCommandTest {

    private static final String HTTP = "http/9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0";
    private static final String TCP = "tcp/5b0e6d0c-6f8e-4b44-9c5e-7f64a14c8b3d";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory)
                .withCluster()
                .answer("POST /apps/ledger/routes", http(""))
                .answer("GET /apps/ledger/routes/" + HTTP, http(",\"sticky\":true,\"leader\":true"))
                .answer("PUT /apps/ledger/routes/" + HTTP, http(""))
                .answer("GET /apps/ledger/routes/" + TCP, tcp())
                .answer("PUT /apps/ledger/routes/" + TCP, tcp());
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String http(String more) {
        return ("{\"type\":\"http\",\"id\":\"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0\",\"parent_ref\":\"\","
                        + "\"service\":\"ledger-web\",\"domain\":\"pay.example.net\",\"path\":\"/\"%s,"
                        + "\"tls_cert\":\"CERT\",\"tls_key\":\"KEY\","
                        + "\"created_at\":\"2015-12-14T09:13:02Z\",\"updated_at\":\"2015-12-14T09:13:02Z\"}")
                .formatted(more);
    }

    private static String tcp() {
        return "{\"type\":\"tcp\",\"id\":\"5b0e6d0c-6f8e-4b44-9c5e-7f64a14c8b3d\",\"parent_ref\":\"\","
                + "\"service\":\"ledger-web\",\"port\":3001,"
                + "\"created_at\":\"2015-12-14T09:13:02Z\",\"updated_at\":\"2015-12-14T09:13:02Z\"}";
    }

    private JsonNode sent(String request) {
        return cli.requests().stream()
                .filter(seen -> seen.startsWith(request + " "))
                .findFirst()
                .map(seen -> new FlynnJson().readTree(seen.substring(request.length() + 1)))
                .orElseThrow();
    }

    @Test
    void aRouteMayLeadToTheLeaderOnly() {
        assertThat(cli.run("-a", "ledger", "route", "add", "http", "--leader", "pay.example.net"))
                .isEqualTo(new Cli.Result(0, HTTP + "\n", ""));
        assertThat(sent("POST /apps/ledger/routes").path("leader").asBoolean()).isTrue();
    }

    @Test
    void anUpdateKeepsWhatItDoesNotName() {
        assertThat(cli.run("-a", "ledger", "route", "update", HTTP, "--no-leader"))
                .isEqualTo(new Cli.Result(0, "updated " + HTTP + "\n", ""));
        JsonNode sent = sent("PUT /apps/ledger/routes/" + HTTP);
        assertThat(sent.path("leader").asBoolean()).isFalse();
        assertThat(sent.path("sticky").asBoolean()).isTrue();
        assertThat(sent.path("tls_cert").asText()).isEqualTo("CERT");
        assertThat(sent.path("tls_key").asText()).isEqualTo("KEY");
    }

    @Test
    void anUpdateOfAPortSaysWhatIsMissingAndWhatIsThere() {
        assertThat(cli.run("-a", "ledger", "route", "update", TCP))
                .isEqualTo(new Cli.Result(1, "", "No service name given\n"));
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "-s", "ledger-web"))
                .isEqualTo(new Cli.Result(1, "", "Service already set\n"));
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "--leader"))
                .isEqualTo(new Cli.Result(0, TCP + " listening on port 3001\n", ""));
        assertThat(sent("PUT /apps/ledger/routes/" + TCP).path("leader").asBoolean())
                .isTrue();
    }

    @Test
    void whatIsAddedIsPrintedAsJson() {
        Cli.Result result = cli.run("-a", "ledger", "route", "add", "http", "pay.example.net", "--json");
        assertThat(new FlynnJson().readTree(result.out()).path("domain").asText())
                .isEqualTo("pay.example.net");
        assertThat(result.err()).isEmpty();
    }
}
