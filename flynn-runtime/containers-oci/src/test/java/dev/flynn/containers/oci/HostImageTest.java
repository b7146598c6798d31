package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.containers.oci.ContainerPlan.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostImageTest {

    @TempDir
    Path directory;

    @Test
    void whatIsNotKnownToBeHarmlessIsNotSeen() throws IOException {
        Path root = directory.resolve("root");
        for (String name : new String[] {"usr", "etc/app", "etc/private", "root", "srv", "var", "tmp"}) {
            Files.createDirectories(root.resolve(name));
        }
        write(root.resolve("etc/hosts"), "rw-r--r--");
        write(root.resolve("etc/app/password"), "rw-r-----");
        write(root.resolve("notes"), "rw-r--r--");
        Files.setPosixFilePermissions(root.resolve("etc/private"), PosixFilePermissions.fromString("rwx------"));
        var layout = new Layout(directory.resolve("data"));
        layout.create();

        HostImage image = HostImage.prepare(layout, root);

        assertThat(image.hidden())
                .contains("/etc/shadow", "/etc/app/password", "/etc/private", "/notes")
                .doesNotContain("/etc/hosts", "/etc/app", "/usr");
        assertThat(image.emptied()).extracting(Entry::destination).containsExactlyInAnyOrder("/root", "/srv");
        assertThat(image.bound()).isEmpty();
    }

    private static void write(Path file, String permissions) throws IOException {
        Files.writeString(file, "x");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
}
