package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the launcher answers to git by itself is what the program would say. */
class LauncherTest {

    private static final String ASKED = "protocol=https\nhost=git.b.example.net:8443\nwwwauth[]=Basic\n";
    private static final String JAVA_WAS_STARTED = "java was started\n";

    @TempDir
    Path directory;

    private Path clusterFile;

    @BeforeEach
    void installsAJavaThatTellsWhenItIsStarted() throws Exception {
        Path java = Files.createDirectories(directory.resolve("java/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\necho java was started\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        clusterFile = directory.resolve("flynnrc");
    }

    @Test
    void answersFromWhatFlynnWroteAsFlynnWould() throws Exception {
        write(new Cluster("a", "first", "", "https://controller.a.example.net", "https://git.a.example.net"));

        assertThat(launch("get", ASKED))
                .isEqualTo(flynn(ASKED))
                .isEqualTo("protocol=https\nusername=user\nhost=git.b.example.net:8443\npassword=0b9d+/=&\n");
    }

    @Test
    void aClusterWithoutGitAndAllOptionalFieldsAreNoObstacle() throws Exception {
        write(
                new Cluster("a", "first", "", "https://controller.a.example.net", ""),
                new Cluster("c", "k", "pin", "https://c", "https://git.c", "https://o", "https://i", "https://d"));

        assertThat(launch("get", ASKED)).isEqualTo(flynn(ASKED)).contains("password=0b9d");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "protocol=http\nhost=git.b.example.net:8443\n",
                "protocol=https\nhost=git.b.example.net\n",
                "protocol=https\n",
                "",
                "protocol=https\nhost=git.b.example.net:8443",
                "protocol=https\nhost=other\nhost=git.b.example.net:8443\n\n",
            })
    void whateverGitAsksTheAnswerIsTheSame(String asked) throws Exception {
        write();

        assertThat(launch("get", asked)).isEqualTo(flynn(asked));
    }

    @Test
    void withoutAClusterFileThereIsNoAnswer() throws Exception {
        assertThat(launch("get", ASKED)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "# a comment",
                "  key = \"lower\"",
                "  Key = 'single'",
                "  Key = \"two\\u0020words\"",
                "  Key = \"two words\"",
                "  Key = \"a\" # comment",
                "  Other = \"x\"",
                "  Number = 1",
                "[other]",
                "Key=\"x\"",
                "  Key = \"x\"\r",
            })
    void whatFlynnDoesNotWriteIsLeftToFlynn(String line) throws Exception {
        write();
        Files.writeString(clusterFile, Files.readString(clusterFile) + line + "\n");

        assertThat(launch("get", ASKED)).isEqualTo(JAVA_WAS_STARTED);
    }

    @Test
    void aKeyOutsideOfAClusterIsLeftToFlynn() throws Exception {
        Files.writeString(clusterFile, "  Key = \"x\"\n");

        assertThat(launch("get", ASKED)).isEqualTo(JAVA_WAS_STARTED);
    }

    @Test
    void aNameThatMustBeEscapedIsLeftToFlynn() throws Exception {
        write(new Cluster("say \"a\"", "k", "", "https://c", "https://git.c"));

        assertThat(launch("get", ASKED)).isEqualTo(JAVA_WAS_STARTED);
    }

    @Test
    void anEmptyLineAmongAClustersKeysEndsNoCluster() throws Exception {
        write();
        Files.writeString(clusterFile, Files.readString(clusterFile).replace("  GitURL", "\n  GitURL"));

        assertThat(launch("get", ASKED)).isEqualTo(flynn(ASKED)).contains("password=0b9d");
    }

    @ParameterizedTest
    @ValueSource(strings = {"store", "erase"})
    void gitsOtherQuestionsNeedNoAnswer(String operation) throws Exception {
        write();

        assertThat(launch(operation, ASKED)).isEmpty();
    }

    @Test
    void whatHasAnyOtherFormIsLeftToFlynn() throws Exception {
        write();

        assertThat(launch("--help", "")).isEqualTo(JAVA_WAS_STARTED);
    }

    @Test
    void onlyWhatMayCarryMuchHasTheOptimizingCompiler() throws Exception {
        Files.writeString(directory.resolve("java/bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");

        assertThat(start("", "apps").lines())
                .contains("-XX:TieredStopAtLevel=1")
                .endsWith("apps");
        assertThat(start("", "-a", "web", "run", "cat").lines())
                .doesNotContain("-XX:TieredStopAtLevel=1")
                .contains("-XX:CompileCommand=CompileThresholdScaling,com.sun.crypto.provider.*::*,0.05")
                .endsWith("-a", "web", "run", "cat");
    }

    private void write(Cluster... others) {
        ClusterList clusters = ClusterList.EMPTY;
        for (Cluster other : others) {
            clusters = clusters.with(other);
        }
        new ClusterFile(clusterFile)
                .write(clusters.with(new Cluster(
                        "b",
                        "0b9d+/=&",
                        "q0jK=",
                        "https://controller.b.example.net:8443",
                        "https://git.b.example.net:8443")));
    }

    private String flynn(String asked) {
        try (var cli = new Cli(directory.resolve("cli"))) {
            return cli.set("FLYNNRC", clusterFile.toString())
                    .typing(asked)
                    .run("git-credentials", "get")
                    .out();
        }
    }

    private String launch(String operation, String asked) throws Exception {
        return start(asked, "git-credentials", operation);
    }

    private String start(String typed, String... arguments) throws Exception {
        Path input = Files.writeString(directory.resolve("typed"), typed);
        List<String> command = Stream.concat(Stream.of("/bin/sh", "src/main/launcher/flynn"), Stream.of(arguments))
                .toList();
        var builder = new ProcessBuilder(command).redirectInput(input.toFile()).redirectErrorStream(true);
        builder.environment().put("FLYNNRC", clusterFile.toString());
        builder.environment().put("JAVA_HOME", directory.resolve("java").toString());
        builder.environment().remove("FLYNN_DUMP_ARCHIVE");
        Process launcher = builder.start();
        try {
            String out = new String(launcher.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(launcher.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(launcher.exitValue()).isZero();
            return out;
        } finally {
            launcher.destroyForcibly();
        }
    }
}
