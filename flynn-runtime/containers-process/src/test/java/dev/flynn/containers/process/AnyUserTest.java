package dev.flynn.containers.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The backend asks for no rights: as a user who has none, {@link OrdinaryHost} does what a host does. */
@Timeout(90)
class AnyUserTest {

    private static final String NOBODY = "65534";

    @TempDir
    Path directory;

    @Test
    void jobsRunAreLimitedAndEndAsAnyUser() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can become somebody else");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv of util-linux is missing");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Process host = new ProcessBuilder(
                        "setpriv",
                        "--reuid=" + NOBODY,
                        "--regid=" + NOBODY,
                        "--clear-groups",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        readableClassPath(),
                        OrdinaryHost.class.getName(),
                        directory.resolve("data").toString())
                .redirectErrorStream(true)
                .start();
        try (var output = host.inputReader()) {
            List<String> lines = output.lines().toList();

            assertThat(lines)
                    .contains(
                            "user " + NOBODY,
                            "home of the job",
                            "descriptors 100",
                            "exit 7",
                            "signal 9",
                            "nothing left");
            assertThat(host.waitFor()).isZero();
        } finally {
            host.destroyForcibly();
        }
    }

    /** Copied, because a user's own repository of jars is nobody else's. */
    private String readableClassPath() throws IOException {
        List<String> copied = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path source = Path.of(entry);
            Path target = directory.resolve("class-path").resolve(String.valueOf(copied.size()));
            if (Files.exists(source)) {
                copy(source, target);
                copied.add(target.toString());
            }
        }
        return String.join(File.pathSeparator, copied);
    }

    private static void copy(Path source, Path target) throws IOException {
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy);
                }
                Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }
}
