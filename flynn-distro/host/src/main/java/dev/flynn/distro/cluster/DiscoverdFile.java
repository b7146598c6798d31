package dev.flynn.distro.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where this host's discovery is reached, for programs beside its daemon. */
public final class DiscoverdFile {

    private static final String NAME = "discoverd-url";

    private DiscoverdFile() {}

    public static void write(Path dataDirectory, String url) {
        HostFile.write(dataDirectory.resolve(NAME), url + "\n", "rw-r--r--");
    }

    /** Empty if no host was started there, or not by this user. */
    public static Optional<String> read(Path dataDirectory) {
        try {
            return Optional.of(Files.readString(dataDirectory.resolve(NAME)).strip())
                    .filter(url -> !url.isEmpty());
        } catch (IOException absent) {
            return Optional.empty();
        }
    }
}
