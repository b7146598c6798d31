package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That answers are as described is checked wherever a test asks the controller something. */
class ApiDescriptionTest {

    @TempDir
    Path directory;

    private TestController controller;
    private JsonNode description;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        description = controller.get("/openapi.json").ok();
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Test
    void itIsForWhoHasAKey() {
        assertThat(controller.sendBare("GET", "/openapi.json", "").status()).isEqualTo(401);
    }

    @Test
    void itNamesEveryOperationOnceAndWhatItTakes() {
        assertThat(description.get("openapi").asText()).isEqualTo("3.1.0");
        Set<String> ids = new TreeSet<>();
        description
                .get("paths")
                .forEach(path -> path.forEach(operation -> assertThat(
                                ids.add(operation.get("operationId").asText()))
                        .as(operation.toString())
                        .isTrue()));
        assertThat(ids).contains("apps.create", "events.events", "formations.scale", "description.get", "ping");
        JsonNode formation = description.at("/paths/~1apps~1{app}~1formations~1{release}/get");
        assertThat(formation.at("/parameters").findValuesAsText("name")).containsExactly("app", "release", "expand");
        assertThat(description.at("/paths/~1events/get/parameters").findValuesAsText("name"))
                .contains("app_id", "Last-Event-Id")
                .doesNotContain("Accept");
    }

    @Test
    void itsObjectsAreAsTheWireHasThem() {
        JsonNode app = description.at("/components/schemas/App");
        assertThat(app.at("/properties/protected/type").asText()).isEqualTo("boolean");
        assertThat(app.at("/properties/created_at/format").asText()).isEqualTo("date-time");
        assertThat(app.at("/properties/id/format").asText()).isEqualTo("uuid");
        assertThat(app.at("/required").toString())
                .contains("\"id\"", "\"meta\"")
                .doesNotContain("release");
        assertThat(description.at("/components/schemas/Job/properties/host_id").isMissingNode())
                .isFalse();
        assertThat(description
                        .at("/components/schemas/HealthCheck/properties/interval/type")
                        .asText())
                .isEqualTo("integer");
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        for (JsonNode reference : description.findValues("$ref")) {
            assertThat(description.at(reference.asText().substring(1)).isMissingNode())
                    .as(reference.asText())
                    .isFalse();
        }
    }

    @Test
    void anAnswerThatIsNotAsDescribedIsFound() {
        var answers = new DescribedAnswers(description);
        ObjectNode app =
                (ObjectNode) controller.post("/apps", "{\"name\":\"ledger\"}").ok();

        answers.check("GET", "/apps/ledger", 200, "application/json", app.toString());
        assertThatThrownBy(() -> answers.check(
                        "GET",
                        "/apps/ledger",
                        200,
                        "application/json",
                        app.deepCopy().put("colour", "red").toString()))
                .hasMessageContaining("colour");
        assertThatThrownBy(() -> answers.check(
                        "GET",
                        "/apps/ledger",
                        200,
                        "application/json",
                        app.deepCopy().put("id", "x").toString()))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> answers.check("GET", "/apps/ledger", 200, "text/plain", "x"))
                .hasMessageContaining("text/plain");
        app.remove("meta");
        assertThatThrownBy(() -> answers.check("GET", "/apps/ledger", 200, "application/json", app.toString()))
                .hasMessageContaining("meta");
    }
}
