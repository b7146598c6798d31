package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Where programs on a host find its daemon's link: the daemon writes {@code ip:port} to its data directory. */
public final class LinkAddressFile {

    private static final String NAME = "link-address";

    private LinkAddressFile() {}

    public static void write(Path dataDirectory, String address) {
        HostFile.write(dataDirectory.resolve(NAME), address + "\n", "rw-r--r--");
    }

    static String read(Path dataDirectory) {
        Path file = dataDirectory.resolve(NAME);
        try {
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            throw FlynnException.unavailable(
                    ("%s is not there: 'flynn-host daemon' writes it when it starts; is it running? A cluster that 'flynn-host"
                                    + " up' runs is this machine alone: it has no other hosts, and this command is not for it")
                            .formatted(file),
                    e);
        } catch (IOException e) {
            throw FlynnException.internal("cannot read %s: %s".formatted(file, e), e);
        }
    }
}
