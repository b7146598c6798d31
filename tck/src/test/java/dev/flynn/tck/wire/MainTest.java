package dev.flynn.tck.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... words) {
        return Main.run(List.of(words), Map.of(), new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private int run(SmallController controller, String... words) {
        List<String> all = new ArrayList<>(List.of(
                "--url",
                "http://controller.example.com",
                "--key",
                SmallController.KEY,
                "--resolve",
                controller.target().address()));
        all.addAll(List.of(words));
        return run(all.toArray(String[]::new));
    }

    private String out() {
        return out.toString(UTF_8);
    }

    private String err() {
        return err.toString(UTF_8);
    }

    @Test
    void helpHasAnExample() {
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("java -jar flynn-tck.jar --url https://");
    }

    @Test
    void aListNamesChecksSectionsAndEndpoints() {
        assertThat(run("--list", "--only", "apps/create/*")).isZero();
        assertThat(out().lines())
                .anyMatch(line -> line.startsWith("apps/create/answers-200 [controller §6.1] POST /apps: "))
                .allMatch(line -> line.startsWith("apps/create/"));
    }

    @Test
    void eachProfileHasAllOfTheOneBefore() {
        run("--list", "--profile", "core");
        List<String> core = out().lines().toList();
        out.reset();
        run("--list");
        List<String> full = out().lines().toList();
        out.reset();
        run("--list", "--profile", "2021");
        List<String> all = out().lines().toList();

        assertThat(full).containsAll(core).hasSizeGreaterThan(core.size());
        assertThat(all).containsAll(full).hasSizeGreaterThan(full.size());
    }

    @Test
    void anUnknownOptionIsNamed() {
        assertThat(run("--ulr", "x")).isEqualTo(2);
        assertThat(err()).isEqualTo("error: unknown option --ulr; see --help\n");
    }

    @Test
    void aClusterThatIsNotThereIsSaidOnce() {
        assertThat(run("--url", "http://127.0.0.1:1", "--key", "x")).isEqualTo(2);
        assertThat(err().lines()).singleElement().asString().contains("127.0.0.1:1 cannot be reached");
    }

    @Test
    void aWrongKeyIsSaidOnce() throws IOException {
        try (var controller = new SmallController(new SmallController.Alteration() {})) {
            assertThat(run(
                            "--url",
                            "http://x.example",
                            "--key",
                            "x",
                            "--resolve",
                            controller.target().address()))
                    .isEqualTo(2);
        }
        assertThat(err()).contains("does not accept the key");
    }

    @Test
    void theExitStatusSaysWhetherAllIsRight() throws IOException {
        try (var controller = new SmallController(new SmallController.Alteration() {})) {
            assertThat(run(controller, "--only", "apps/list/*")).isZero();
            assertThat(out()).contains("ok   apps/list", "0 failed");
            assertThat(run(controller, "--only", "apps/releases/*")).isEqualTo(1);
            assertThat(run(controller, "--only", "nothing/*")).isEqualTo(1);
        }
    }

    @Test
    void reportsAreWritten() throws Exception {
        Path html = directory.resolve("report.html");
        Path junit = directory.resolve("report.xml");
        Path markdown = directory.resolve("report.md");
        try (var controller = new SmallController(new SmallController.Alteration() {})) {
            int status = run(
                    controller,
                    "--only",
                    "apps/list/*,apps/releases/none",
                    "--html",
                    html.toString(),
                    "--junit",
                    junit.toString(),
                    "--markdown",
                    markdown.toString(),
                    "--json");
            assertThat(status).isEqualTo(1);
        }
        assertThat(Files.readString(html))
                .contains("apps/releases/none", "404 page not found")
                .doesNotContain(SmallController.KEY);
        var cases = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(junit.toFile())
                .getElementsByTagName("testcase");
        var failures = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(junit.toFile())
                .getElementsByTagName("failure");
        assertThat(cases.getLength()).isGreaterThan(2);
        assertThat(failures.getLength()).isEqualTo(1);
        assertThat(Files.readString(markdown)).contains("| apps/releases | `GET /apps/:a/releases` |");
        assertThat(Json.read(out()).path("failed").asInt()).isEqualTo(1);
    }
}
