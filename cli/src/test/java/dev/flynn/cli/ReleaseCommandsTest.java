package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseCommandsTest {

    private static final String APP = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
    private static final String OTHER_APP = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b11";
    private static final String CURRENT = "77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e";
    private static final String OLD = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";
    private static final String ARTIFACT = "c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e";
    private static final String DELETIONS = "GET /events?app_id=ledger&object_types=release_deletion&object_id=" + OLD;

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory)
                .withCluster()
                .answer("GET /apps/ledger/release", release(CURRENT, "current"))
                .answer("GET /releases/" + OLD, release(OLD, "old"))
                .answer("GET /apps/ledger", app())
                .answer("POST /releases", release(CURRENT, "created"))
                .answer("POST /apps/ledger/deploy", deployed());
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String app() {
        return ("{\"id\":\"%s\",\"name\":\"ledger\",\"meta\":{},\"strategy\":\"all-at-once\",\"deploy_timeout\":30,"
                        + "\"created_at\":\"2015-12-14T09:13:01Z\",\"updated_at\":\"2015-12-14T09:13:01Z\"}")
                .formatted(APP);
    }

    private static String release(String id, String name) {
        return ("{\"id\":\"%s\",\"app_id\":\"%s\",\"artifacts\":[\"%s\"],\"env\":{\"NAME\":\"%s\",\"GONE\":\"1\"},"
                        + "\"meta\":{\"git\":\"true\"},\"processes\":{\"web\":{\"args\":[\"serve\",\"--slow\"],"
                        + "\"env\":{\"A\":\"1\"},\"service\":\"ledger-web\"}},\"created_at\":\"2015-12-14T09:13:01Z\"}")
                .formatted(id, APP, ARTIFACT, name);
    }

    private static String deployed() {
        return ("{\"id\":\"a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11\",\"app\":\"%s\",\"new_release\":\"%s\","
                        + "\"strategy\":\"all-at-once\",\"status\":\"complete\",\"deploy_timeout\":30,"
                        + "\"created_at\":\"2015-12-14T09:30:11Z\",\"finished_at\":\"2015-12-14T09:30:12Z\"}")
                .formatted(APP, CURRENT);
    }

    private static String deletion(String others, String error) {
        return ("data: {\"id\":7,\"object_type\":\"release_deletion\",\"object_id\":\"%s\",\"data\":{"
                        + "\"release_deletion\":{\"app\":\"%s\",\"release\":\"%s\",\"remaining_apps\":%s,"
                        + "\"deleted_files\":[\"http://blobstore.discoverd/a.tgz\"]},\"error\":\"%s\"},"
                        + "\"created_at\":\"2015-12-14T09:30:11Z\"}\n\n")
                .formatted(OLD, APP, OLD, others, error);
    }

    private JsonNode created() {
        String prefix = "POST /releases ";
        String body = cli.requests().stream()
                .filter(request -> request.startsWith(prefix))
                .findFirst()
                .orElseThrow();
        return new FlynnJson().readTree(body.substring(prefix.length()));
    }

    private void file(String json) throws IOException {
        Files.writeString(directory.resolve("work/release.json"), json);
    }

    @Test
    void updateMergesFieldByFieldIntoTheCurrentReleaseAndDeploysIt() throws IOException {
        file("{\"env\":{\"NEW\":\"2\",\"GONE\":null},\"processes\":{\"web\":{\"args\":[\"serve\"],"
                + "\"env\":{\"B\":\"2\"}},\"worker\":{\"args\":[\"work\"]}}}");

        assertThat(cli.run("-a", "ledger", "release", "update", "release.json"))
                .isEqualTo(new Cli.Result(0, "", "Created release " + CURRENT + ".\n"));
        JsonNode created = created();
        assertThat(created.path("env")).hasToString("{\"NAME\":\"current\",\"NEW\":\"2\"}");
        assertThat(created.path("meta")).hasToString("{\"git\":\"true\"}");
        assertThat(created.path("artifacts")).hasToString("[\"" + ARTIFACT + "\"]");
        JsonNode web = created.path("processes").path("web");
        assertThat(web.path("env")).hasToString("{\"A\":\"1\",\"B\":\"2\"}");
        assertThat(web.path("service").asText()).isEqualTo("ledger-web");
        assertThat(web.path("entrypoint")).hasToString("[\"serve\"]");
        assertThat(created.path("processes").has("worker")).isTrue();
        // which is made of what is current: what others release meanwhile is not undone
        assertThat(cli.requests())
                .contains(
                        "POST /apps/ledger/deploy {\"id\":\"%s\",\"old_release\":\"%s\"}".formatted(CURRENT, CURRENT));
    }

    @Test
    void updateTakesTheReleaseThatIsGivenButNotWhoseTheFileSaysItIs() throws IOException {
        file("{\"id\":\"" + CURRENT + "\",\"app_id\":\"" + OTHER_APP + "\",\"meta\":{\"note\":\"x\"}}");

        assertThat(cli.run("-a", "ledger", "release", "update", "release.json", OLD)
                        .status())
                .isZero();
        JsonNode created = created();
        assertThat(created.path("env").path("NAME").asText()).isEqualTo("old");
        assertThat(created.path("app_id").asText()).isEqualTo(APP);
        assertThat(created.path("id").asText()).isNotIn(CURRENT, OLD);
        assertThat(created.path("meta")).hasSize(2);
    }

    @Test
    void aCleanUpdateHasNothingOfTheReleaseBefore() throws IOException {
        file("{\"artifact\":\"" + ARTIFACT + "\",\"env\":{\"ONLY\":\"1\"}}");

        assertThat(cli.run("-a", "ledger", "release", "update", "--clean", "release.json")
                        .status())
                .isZero();
        assertThat(created().path("env")).hasToString("{\"ONLY\":\"1\"}");
        assertThat(created().path("artifacts")).hasToString("[\"" + ARTIFACT + "\"]");
        assertThat(created().path("processes")).isEmpty();
    }

    @Test
    void anUpdateThatIsNoObjectChangesNothing() throws IOException {
        file("[]");

        Cli.Result result = cli.run("-a", "ledger", "release", "update", "release.json");
        assertThat(result.status()).isOne();
        assertThat(result.err()).endsWith("release.json must hold one JSON object\n");
        assertThat(cli.requests()).isEmpty();
    }

    @Test
    void deleteWaitsForTheEventThatTellsThatItIsDone() {
        cli.answer("DELETE /apps/ledger/releases/" + OLD, "{}")
                .answer(DELETIONS, deletion("[]", "the blobstore does not answer") + deletion("[]", ""));

        assertThat(cli.run("-a", "ledger", "release", "delete", "-y", OLD))
                .isEqualTo(new Cli.Result(0, "", "Deleted release " + OLD + " (deleted 1 files)\n"));
        assertThat(cli.requests()).containsSubsequence(DELETIONS, "DELETE /apps/ledger/releases/" + OLD);
    }

    @Test
    void aReleaseThatOtherAppsHaveStays() {
        cli.answer("DELETE /apps/ledger/releases/" + OLD, "{}")
                .answer(DELETIONS, deletion("[\"" + OTHER_APP + "\"]", ""));

        assertThat(cli.run("-a", "ledger", "release", "delete", "-y", OLD).err())
                .isEqualTo("Release scaled down for app but not fully deleted (still associated with 1 other apps)\n");
    }

    @Test
    void noToTheQuestionDeletesNothing() {
        assertThat(cli.typing("no\n").run("-a", "ledger", "release", "delete", OLD))
                .isEqualTo(
                        new Cli.Result(0, "Are you sure you want to delete release \"" + OLD + "\"? (yes/no): ", ""));
        assertThat(cli.requests()).isEmpty();
    }

    @Test
    void severalArtifactsAreNumberedAndMetadataIsShown() {
        String second = "c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1f";
        String artifact = "{\"id\":\"%s\",\"type\":\"flynn\",\"uri\":\"%s\",\"created_at\":\"2015-12-14T09:13:01Z\"}";
        cli.answer(
                        "GET /releases/" + CURRENT,
                        release(CURRENT, "current").replace("[\"" + ARTIFACT, "[\"" + second + "\",\"" + ARTIFACT))
                .answer("GET /artifacts/" + second, artifact.formatted(second, "https://a"))
                .answer("GET /artifacts/" + ARTIFACT, artifact.formatted(ARTIFACT, "https://b"));

        assertThat(cli.run("-a", "ledger", "release", "show").out().lines())
                .contains("Artifact[0]:    flynn+https://a", "Artifact[1]:    flynn+https://b", "META[git]:      true");
    }
}
