package dev.flynn.containers.oci;

import dev.flynn.containers.oci.ContainerPlan.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Gives files to users by number, of which the host needs to know nothing. */
final class Owner {

    private Owner() {}

    static void give(Path file, User user) throws IOException {
        Files.setAttribute(file, "unix:uid", (int) user.uid());
        Files.setAttribute(file, "unix:gid", (int) user.gid());
    }
}
