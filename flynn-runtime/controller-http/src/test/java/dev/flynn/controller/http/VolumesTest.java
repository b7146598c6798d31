package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.VolumeRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class VolumesTest {

    private static final String ID = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";

    @TempDir
    Path directory;

    private TestController controller;
    private AppId app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = AppId.of(controller.createApp("ledger"));
        controller.createApp("other");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    /** As a host notes it. */
    private void addVolume(String id) {
        Instant now = Instant.parse("2015-12-20T10:00:00Z");
        var volume = new VolumeRecord(
                id,
                "host1",
                Optional.of(app),
                Optional.of("db"),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                now,
                now);
        Transaction.Builder transaction = Transaction.builder();
        controller.state.volumes().create(transaction, volume.recordId(), volume);
        var unused = controller.state.commit(transaction);
    }

    @Test
    void volumesAreListedByAppAndForAll() {
        addVolume(ID);

        JsonNode volume = controller.get("/volumes").ok().get(0);

        assertThat(volume.get("host_id").asText()).isEqualTo("host1");
        assertThat(volume.get("type").asText()).isEqualTo("data");
        assertThat(volume.get("state").asText()).isEqualTo("created");
        assertThat(volume.get("job_type").asText()).isEqualTo("db");
        assertThat(volume.get("path").asText()).isEqualTo("/data");
        assertThat(volume.has("decommissioned_at")).isFalse();
        assertThat(controller.get("/apps/ledger/volumes").ok().get(0)).isEqualTo(volume);
        assertThat(controller.get("/apps/ledger/volumes/" + ID).ok()).isEqualTo(volume);
        assertThat(controller.get("/apps/other/volumes").ok()).isEmpty();
        assertThat(controller.get("/apps/other/volumes/" + ID).status()).isEqualTo(404);
    }

    @Test
    void aDecommissionedVolumeIsForNoNewJob() {
        addVolume(ID);

        JsonNode volume = controller
                .put("/apps/ledger/volumes/%s/decommission".formatted(ID), "")
                .ok();

        assertThat(volume.has("decommissioned_at")).isTrue();
        VolumeRecord record = controller.state.volumes().list().get(0).value();
        assertThat(record.isFree()).isFalse();
        assertThat(record.isFor(app, "db")).isFalse();
        assertThat(controller
                        .put("/apps/ledger/volumes/%s/decommission".formatted(ID), "")
                        .ok())
                .isEqualTo(volume);
        assertThat(controller
                        .get("/events?object_types=volume", "Accept", "application/json")
                        .ok()
                        .findValuesAsText("object_id"))
                .containsExactly(ID);
    }

    @Test
    void theStreamTellsOfNewVolumesAndOfThoseThatAreGone() throws Exception {
        try (TestStream stream = controller.stream("/volumes", "Accept", "text/event-stream")) {
            addVolume(ID);
            assertThat(stream.data()).contains(ID, "\"state\":\"created\"");
            Transaction.Builder transaction = Transaction.builder();
            controller
                    .state
                    .volumes()
                    .remove(transaction, controller.state.volumes().list().get(0));
            var unused = controller.state.commit(transaction);
            assertThat(stream.data()).contains(ID, "\"state\":\"destroyed\"");
        }
    }

    @Test
    void volumesOfOtherHostsCanBeRecordedAndForgotten() {
        String app = controller.get("/apps/ledger").ok().get("id").asText();
        String body =
                "{\"id\":\"%s\",\"host_id\":\"elsewhere\",\"type\":\"data\",\"state\":\"%s\",\"app\":\"%s\",\"job\":\"elsewhere-1\",\"job_type\":\"web\"}";
        String other = "0d4a5a2f-8f4e-4b52-9f6d-55b7c1b6b3aa";

        JsonNode recorded = controller
                .put("/volumes", body.formatted(other, "created", app))
                .ok();

        assertThat(recorded.get("host_id").asText()).isEqualTo("elsewhere");
        assertThat(recorded.get("state").asText()).isEqualTo("created");
        assertThat(controller.get("/apps/ledger/volumes/" + other).ok()).isEqualTo(recorded);
        JsonNode event = controller
                .get("/events?object_types=volume", "Accept", "application/json")
                .ok()
                .get(0);
        assertThat(event.get("data")).isEqualTo(recorded);

        assertThat(controller
                        .put("/volumes", body.formatted(other, "destroyed", app))
                        .ok()
                        .get("state")
                        .asText())
                .isEqualTo("destroyed");
        assertThat(controller.get("/apps/ledger/volumes/" + other).status()).isEqualTo(404);
    }

    @Test
    void theHostsOfTheClusterRecordTheirVolumesAndNobodyElse() {
        JsonNode refusal = controller
                .put("/volumes", "{\"id\":\"%s\",\"host_id\":\"host1\"}".formatted(ID))
                .json();

        assertThat(refusal.at("/detail/field").asText()).isEqualTo("host_id");
        assertThat(refusal.get("message").asText()).contains("host1", "records its volumes");
        assertThat(controller
                        .put("/volumes", "{\"id\":\"7\",\"host_id\":\"x\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("id");
    }
}
