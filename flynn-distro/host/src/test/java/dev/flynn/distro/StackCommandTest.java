package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class StackCommandTest {

    @Test
    void theProgramIsGivenWhatWasSaidAndNoMore() {
        assertThat(line("/srv/stack.tar")).isEqualTo("build-stack /srv/stack.tar");
        assertThat(line(
                        "--suite=trixie",
                        "--mirror=file:///mirror",
                        "--packages=bash,git",
                        "--add=make",
                        "--source=deb http://one trixie main",
                        "--source=deb http://two trixie main",
                        "--cache=/cache",
                        "--no-check-signature",
                        "--quiet",
                        "/srv/stack:v1"))
                .isEqualTo("build-stack --suite trixie --mirror file:///mirror --packages bash,git --add make"
                        + " --source deb http://one trixie main --source deb http://two trixie main --cache /cache"
                        + " --no-check-signature --quiet /srv/stack:v1");
    }

    private static String line(String... arguments) {
        var build = new StackCommand.Build();
        new CommandLine(build).parseArgs(arguments);
        return String.join(" ", build.commandLine(Path.of("build-stack")));
    }
}
