package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** The host's name at its first start; jobs belong to it from then on. */
final class HostIdFile {

    private static final String NAME = "host-id";

    private HostIdFile() {}

    /** The host's id: at the first start its machine's name, without what an id must not have. */
    static String read(DataDirectory data) {
        return read(data, Optional.empty());
    }

    /**
     * @param wanted by the operator; only the first start chooses
     * @throws FlynnException {@code CONFLICT} if the host has another id
     */
    static String read(DataDirectory data, Optional<String> wanted) {
        Path file = data.root().resolve(NAME);
        try {
            if (!Files.exists(file)) {
                Files.writeString(file, wanted.orElseGet(HostIdFile::hostname));
            }
            String id = Files.readString(file).strip();
            if (wanted.isPresent() && !wanted.get().equals(id)) {
                throw FlynnException.conflict(
                        "the host in %s is \"%s\", not \"%s\": its jobs have its name; leave out --id, or give another --data-dir"
                                .formatted(data.root(), id, wanted.get()));
            }
            return id;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep the host's id in " + file, e);
        }
    }

    private static String hostname() {
        try {
            String name = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
            String id = name.replaceAll("[^a-z0-9]", "");
            return id.isEmpty() ? "host" : id;
        } catch (UnknownHostException nameless) {
            return "host";
        }
    }
}
