package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.AppImageSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ImageOptionsTest {

    @TempDir
    private Path directory;

    @Test
    void withoutASayAppsRunOnTheHostsOwnProgramsAndRegistriesHaveTls() {
        assertThat(settings(Map.of())).isEqualTo(AppImageSettings.DEFAULT);
        assertThat(settings(Map.of(), "--stack", "host")).isEqualTo(AppImageSettings.DEFAULT);
    }

    @Test
    void optionsComeBeforeTheEnvironment() throws Exception {
        Path file = Files.writeString(directory.resolve("config.json"), "{}");
        Map<String, String> environment = Map.of(
                "FLYNN_STACK", "oci:/srv/stack:v1",
                "FLYNN_INSECURE_REGISTRY", "a:5000, b",
                "FLYNN_REGISTRY_CREDENTIALS", file.toString(),
                "FLYNN_REGISTRY_MIRROR", "docker.io=mirror.test/hub");

        AppImageSettings settings = settings(environment);
        assertThat(settings.stack()).hasValue("oci:/srv/stack:v1");
        assertThat(settings.insecureRegistries()).containsExactlyInAnyOrder("a:5000", "b");
        assertThat(settings.mirrors()).isEqualTo(Map.of("docker.io", List.of("mirror.test/hub")));
        assertThat(settings.credentials()).hasValue(file);

        AppImageSettings given = settings(
                environment,
                "--stack=docker-archive:/srv/stack.tar",
                "--insecure-registry=c:1",
                "--registry-mirror=docker.io=x:1,docker.io=y/z",
                "--registry-mirror=quay.io=x:1");
        assertThat(given.stack()).hasValue("docker-archive:/srv/stack.tar");
        assertThat(given.insecureRegistries()).containsExactly("c:1");
        assertThat(given.mirrors()).isEqualTo(Map.of("docker.io", List.of("x:1", "y/z"), "quay.io", List.of("x:1")));
        assertThat(given.credentials()).isEqualTo(Optional.of(file));
    }

    @Test
    void whatIsWrongIsNamed() {
        refused("--stack", "--stack=stack.tar");
        refused("--insecure-registry", "--insecure-registry=http://a:5000");
        refused("--registry-mirror", "--registry-mirror=mirror.test");
        refused("--registry-credentials", "--registry-credentials=" + directory.resolve("none"));
    }

    private void refused(String option, String argument) {
        assertThatThrownBy(() -> settings(Map.of(), argument))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.field()).hasValue(option));
    }

    private static AppImageSettings settings(Map<String, String> environment, String... arguments) {
        var options = new Options();
        new CommandLine(options).parseArgs(arguments);
        return options.images.settings(environment);
    }

    @CommandLine.Command
    private static final class Options {

        @CommandLine.Mixin
        private ImageOptions images = new ImageOptions();
    }
}
