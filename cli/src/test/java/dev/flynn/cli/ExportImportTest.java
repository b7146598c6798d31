package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of apps, read and written beside GNU tar. */
class ExportImportTest {

    private static final String APP = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
    private static final String RELEASE = "77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e";
    private static final String CREATED = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";
    private static final String ARTIFACT = "c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e";
    private static final String TIMES =
            "\"created_at\":\"2015-12-14T09:13:01Z\",\"updated_at\":\"2015-12-14T09:13:01Z\"";
    private static final String ROUTE = "{\"type\":\"http\",\"id\":\"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0\","
            + "\"parent_ref\":\"controller/apps/" + APP + "\",\"service\":\"ledger-web\",\"domain\":\"%s\","
            + "\"path\":\"/\",\"tls_cert\":\"the certificate\"," + TIMES + "}";
    private static final String SLUG = "the slug".repeat(20_000);
    private static final String IN_PART = "; app \"copy\" is there in part: delete it before you import it again\n";

    @TempDir
    Path directory;

    private Cli cli;
    private Path work;

    @BeforeEach
    void open() {
        work = directory.resolve("work");
        cli = new Cli(directory)
                .withCluster()
                .answer("GET /apps/ledger", app("ledger"))
                .answer("GET /apps/" + APP + "/routes", "[" + ROUTE.formatted("ledger.test.example.net") + "]")
                .answer("GET /apps/" + APP + "/resources", "[]");
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String app(String name) {
        return ("{\"id\":\"%s\",\"name\":\"%s\",\"meta\":{\"team\":\"a\"},\"strategy\":\"one-by-one\","
                        + "\"deploy_timeout\":90,\"release\":\"%s\",%s}")
                .formatted(APP, name, RELEASE, TIMES);
    }

    private static String release(String id, String slugUrl) {
        return ("{\"id\":\"%s\",\"app_id\":\"%s\",\"artifacts\":[\"%s\"],\"env\":{\"SLUG_URL\":\"%s\","
                        + "\"TOKEN\":\"s3cret\"},\"meta\":{\"git\":\"true\"},\"processes\":{\"web\":{\"cmd\":[\"start\","
                        + "\"web\"],\"service\":\"ledger-web\",\"ports\":[{\"port\":8080,\"proto\":\"tcp\",\"service\":{"
                        + "\"name\":\"ledger-web\",\"create\":true}}]},\"mail-web\":{\"service\":\"ledger-mail-web\"}},"
                        + "\"created_at\":\"2015-12-14T09:13:01Z\"}")
                .formatted(id, APP, ARTIFACT, slugUrl);
    }

    private void pushed() {
        String formation =
                "{\"app\":\"%s\",\"release\":\"%s\",\"processes\":{\"web\":3},\"tags\":{\"web\":{\"disk\":\"ssd\"}},%s}"
                        .formatted(APP, RELEASE, TIMES);
        cli.answer("GET /apps/" + APP + "/release", release(RELEASE, "http://blobstore.discoverd/old.tgz"))
                .answer("GET /artifacts/" + ARTIFACT, artifact("host", "host:slugrunner"))
                .answer("GET /apps/" + APP + "/formations/" + RELEASE, formation)
                .answer("GET /apps/" + APP + "/releases/" + RELEASE + "/slug", SLUG);
    }

    private static String artifact(String type, String uri) {
        return "{\"id\":\"%s\",\"type\":\"%s\",\"uri\":\"%s\",\"created_at\":\"2015-12-14T09:13:01Z\"}"
                .formatted(ARTIFACT, type, uri);
    }

    /** What a cluster answers to whoever imports an app as {@code copy}. */
    private void importable() {
        cli.answer(
                        "GET /apps/gitreceive/release",
                        release(CREATED, "")
                                .replace("TOKEN", "SLUGRUNNER_IMAGE_URI")
                                .replace("s3cret", "host:slugrunner"))
                .answer("POST /artifacts", artifact("host", "host:slugrunner"))
                .answer("POST /apps", app("copy"))
                .answer("POST /releases", release(CREATED, "http://blobstore.discoverd/new.tgz"))
                .answer("PUT /apps/" + APP + "/release", release(CREATED, "x"))
                .answer("PUT /apps/" + APP + "/releases/" + CREATED + "/slug", "{}")
                .answer(
                        "PUT /apps/" + APP + "/formations/" + CREATED,
                        "{\"app\":\"%s\",\"release\":\"%s\",\"processes\":{},%s}".formatted(APP, CREATED, TIMES));
    }

    private String tar(String... args) throws IOException {
        var command = new java.util.ArrayList<>(List.of("tar"));
        command.addAll(List.of(args));
        Process tar = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .start();
        return new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private JsonNode sent(String request) {
        assertThat(cli.bodies(request)).as(request).hasSize(1);
        return new FlynnJson().readTree(cli.bodies(request).get(0));
    }

    @Test
    void anArchiveHasWhatThereIsOfTheApp() throws IOException {
        pushed();

        assertThat(cli.run("-a", "ledger", "export", "-f", "ledger.tar")).isEqualTo(new Cli.Result(0, "", ""));

        assertThat(tar("-tf", "ledger.tar").lines())
                .containsExactly(
                        "ledger/app.json",
                        "ledger/routes.json",
                        "ledger/release.json",
                        "ledger/artifact.json",
                        "ledger/formation.json",
                        "ledger/slug.tar.gz");
        assertThat(tar("-tvf", "ledger.tar").lines()).allMatch(line -> line.startsWith("-rw-r--r-- "));
        assertThat(tar("-xOf", "ledger.tar", "ledger/slug.tar.gz")).isEqualTo(SLUG);
        assertThat(tar("-xOf", "ledger.tar", "ledger/artifact.json")).isEqualTo("""
                {
                  "id": "%s",
                  "type": "host",
                  "uri": "host:slugrunner",
                  "created_at": "2015-12-14T09:13:01Z"
                }
                """.formatted(ARTIFACT));
        assertThat(work).isDirectoryContaining("glob:**/ledger.tar").isDirectoryNotContaining("glob:**.unfinished");
    }

    @Test
    void anAppWithoutAReleaseHasTwoFiles() throws IOException {
        Cli.Result result = cli.run("-a", "ledger", "export");

        Files.writeString(work.resolve("out.tar"), result.out());
        assertThat(tar("-tf", "out.tar").lines()).containsExactly("ledger/app.json", "ledger/routes.json");
    }

    @Test
    void whatResourcesHaveIsSaidToBeMissing() {
        pushed();
        cli.answer(
                "GET /apps/" + APP + "/resources",
                "[{\"id\":\"%s\",\"provider\":\"%s\",\"external_id\":\"/x\",\"env\":{},\"created_at\":\"2015-12-14T09:13:01Z\"}]"
                        .formatted(CREATED, RELEASE));

        assertThat(cli.run("-a", "ledger", "export", "-f", "ledger.tar").err())
                .isEqualTo("Not in the archive: resource " + CREATED
                        + ", whose variables are. Add one after the import.\n");
    }

    @Test
    void aSlugThatIsNotThereLeavesNoArchive() {
        pushed();
        cli.refuse("GET /apps/" + APP + "/releases/" + RELEASE + "/slug", 500, "unknown_error", "no blobstore");

        assertThat(cli.run("-a", "ledger", "export", "-f", "ledger.tar"))
                .isEqualTo(new Cli.Result(1, "", "error exporting app: unknown_error: no blobstore\n"));
        assertThat(work).isEmptyDirectory();
    }

    @Test
    void whatWasExportedIsImportedUnderAnotherName() {
        pushed();
        importable();
        cli.answer("POST /apps/" + APP + "/routes", ROUTE.formatted("x"));
        cli.run("-a", "ledger", "export", "-f", "ledger.tar");

        assertThat(cli.run("import", "-f", "ledger.tar", "-n", "copy", "-r"))
                .isEqualTo(new Cli.Result(0, "Imported copy (added 2 routes, provisioned 0 resources)\n", ""));

        assertThat(sent("POST /apps"))
                .hasToString("{\"deploy_timeout\":90,\"meta\":{\"team\":\"a\"},\"name\":\"copy\","
                        + "\"strategy\":\"one-by-one\"}");
        assertThat(sent("POST /artifacts")).hasToString("{\"type\":\"host\",\"uri\":\"host:slugrunner\"}");
        JsonNode release = sent("POST /releases");
        assertThat(release.at("/app_id").asText()).isEqualTo(APP);
        assertThat(release.at("/artifacts/0").asText()).isEqualTo(ARTIFACT);
        assertThat(release.at("/env/TOKEN").asText()).isEqualTo("s3cret");
        assertThat(release.at("/env/SLUG_URL").asText()).matches("http://blobstore\\.discoverd/[0-9a-f-]{36}\\.tgz");
        assertThat(release.at("/meta/git").asText()).isEqualTo("true");
        assertThat(release.at("/processes/web/service").asText()).isEqualTo("copy-web");
        assertThat(release.at("/processes/web/ports/0/service/name").asText()).isEqualTo("copy-web");
        assertThat(release.at("/processes/mail-web/service").asText()).isEqualTo("copy-mail-web");
        assertThat(cli.bodies("PUT /apps/" + APP + "/releases/" + CREATED + "/slug"))
                .containsExactly(SLUG);
        assertThat(sent("PUT /apps/" + APP + "/formations/" + CREATED))
                .hasToString("{\"processes\":{\"web\":3},\"tags\":{\"web\":{\"disk\":\"ssd\"}}}");
        assertThat(sent("POST /apps/" + APP + "/routes"))
                .hasToString(
                        "{\"domain\":\"ledger.test.example.net\",\"leader\":false,\"path\":\"/\",\"service\":\"copy-web\","
                                + "\"tls_cert\":\"the certificate\",\"type\":\"http\"}");
        assertThat(cli.requests())
                .containsSubsequence(
                        "PUT /apps/" + APP + "/release {\"id\":\"" + CREATED + "\"}",
                        "PUT /apps/" + APP + "/releases/" + CREATED + "/slug " + SLUG);
    }

    @Test
    void routesThatAreTakenAreLeftOut() {
        importable();
        cli.refuse("POST /apps/" + APP + "/routes", 409, "conflict", "Duplicate route");
        cli.run("-a", "ledger", "export", "-f", "ledger.tar");

        assertThat(cli.run("import", "-f", "ledger.tar", "-n", "copy", "-r").out())
                .isEqualTo("Imported copy (added 1 routes, provisioned 0 resources)\n");
    }

    @Test
    void whatFailsHalfWaySaysWhatIsThere() {
        pushed();
        importable();
        cli.refuse("PUT /apps/" + APP + "/releases/" + CREATED + "/slug", 503, "no_capacity", "the disk is full");
        cli.run("-a", "ledger", "export", "-f", "ledger.tar");

        assertThat(cli.run("import", "-f", "ledger.tar", "-n", "copy"))
                .isEqualTo(new Cli.Result(1, "", "no_capacity: the disk is full" + IN_PART));
        assertThat(cli.bodies("PUT /apps/" + APP + "/formations/" + CREATED)).isEmpty();
    }

    /** With a name that does not fit into a header, and in the other formats that there are. */
    @ParameterizedTest
    @ValueSource(strings = {"gnu", "pax", "ustar"})
    void archivesOfTarAreReadWhateverTheirDirectoriesAreCalled(String format) throws IOException {
        importable();
        String deep = "d".repeat(90) + "/" + "e".repeat(90);
        Path folder = Files.createDirectories(work.resolve(deep));
        Files.writeString(folder.resolve("app.json"), app("ledger"));
        Files.writeString(folder.resolve("notes.txt"), "ignored");
        assertThat(tar("--format=" + format, "-cf", "a.tar", deep)).isEmpty();

        assertThat(cli.run("import", "-f", "a.tar", "-n", "copy").out()).startsWith("Imported copy ");
    }

    @Test
    void anArchiveThatIsCutOffOrNoneImportsNothing() throws IOException {
        pushed();
        cli.run("-a", "ledger", "export", "-f", "ledger.tar");
        int asked = cli.requests().size();
        byte[] whole = Files.readAllBytes(work.resolve("ledger.tar"));
        for (int length : new int[] {whole.length - 1024, whole.length - 100_000, 700}) {
            Files.write(work.resolve("cut.tar"), java.util.Arrays.copyOf(whole, length));
            assertThat(cli.run("import", "-f", "cut.tar"))
                    .isEqualTo(new Cli.Result(1, "", "error importing app: the archive ends early\n"));
        }
        Files.write(work.resolve("none.tar"), "no archive ".repeat(100).getBytes(StandardCharsets.UTF_8));
        assertThat(cli.run("import", "-f", "none.tar").err())
                .isEqualTo("error importing app: this is no tar archive, or a damaged one\n");
        assertThat(cli.requests()).hasSize(asked);
    }

    @Test
    void whatCannotBeImportedIsRefusedBeforeAnythingIsMade() throws IOException {
        Files.writeString(work.resolve("app.json"), app("ledger"));
        Files.writeString(work.resolve("release.json"), release(RELEASE, "http://blobstore.discoverd/old.tgz"));
        Files.writeString(work.resolve("postgres.dump"), "rows");
        tar("-cf", "a.tar", "release.json");
        tar("-cf", "b.tar", "app.json", "release.json");
        tar("-cf", "c.tar", "app.json", "postgres.dump");

        assertThat(cli.run("import", "-f", "a.tar").err()).isEqualTo("missing app.json\n");
        assertThat(cli.run("import", "-f", "b.tar").err()).startsWith("missing slug.tar.gz, which release.json");
        assertThat(cli.run("import", "-f", "c.tar").err()).startsWith("postgres.dump cannot be imported");
        assertThat(cli.requests()).isEmpty();
    }

    @Test
    void progressIsOneLine() {
        assertThat(Progress.line("slug.tar.gz", 512 * 1024, 1024 * 1024, 2_000_000_000L))
                .isEqualTo("slug.tar.gz [" + "=".repeat(15) + " ".repeat(15) + "] 50% 512.0kB 256.0kB/s 2s");
        assertThat(Progress.line("slug.tar.gz", 700, -1, 1_000_000_000L)).isEqualTo("slug.tar.gz 700B 700B/s 1s");
    }
}
