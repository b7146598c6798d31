package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An image that runs its arguments. */
final class ShellImage {

    private ShellImage() {}

    /** The folder of images, with this one in it. */
    static Path install(Path directory) {
        Path images = directory.resolve("images");
        Path init = images.resolve("shell/init");
        try {
            if (!Files.exists(init)) {
                Files.createDirectories(init.getParent());
                Files.writeString(init, "#!/bin/sh\nexec \"$@\"\n");
                init.toFile().setExecutable(true, false);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return images;
    }

    static JobSpec.Image image() {
        return new JobSpec.Image("host", "host:shell");
    }

    static JobSpec job(String line) {
        return JobSpec.ofCommand(JobId.random("test"), image(), List.of("/bin/sh", "-c", line));
    }
}
