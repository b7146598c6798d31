package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The file that tells a host's daemon how to start (contract: layer 0, Daemon flags).
 *
 * @param args come after those of the command line
 * @param env is put into the daemon's environment
 */
public record HostFile(List<String> args, Map<String, String> env) {

    public HostFile {
        args = List.copyOf(args);
        env = Map.copyOf(env);
    }

    /** @throws FlynnException {@code VALIDATION} naming the file, if it is none */
    public static HostFile read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw FlynnException.invalid("cannot read %s: %s".formatted(file, e));
        }
        try {
            return new FlynnJson().read(text, HostFile.class);
        } catch (FlynnException e) {
            throw FlynnException.invalid("%s is no configuration of a host: %s".formatted(file, e.getMessage()));
        }
    }

    /** Indented with tabs; what is empty is left out. */
    String text() {
        var json = new FlynnJson();
        List<String> members = new ArrayList<>();
        if (!args.isEmpty()) {
            members.add("\t\"args\": [\n"
                    + args.stream().map(arg -> "\t\t" + json.write(arg)).collect(Collectors.joining(",\n"))
                    + "\n\t]");
        }
        if (!env.isEmpty()) {
            members.add("\t\"env\": {\n"
                    + new TreeMap<>(env)
                            .entrySet().stream()
                                    .map(entry ->
                                            "\t\t" + json.write(entry.getKey()) + ": " + json.write(entry.getValue()))
                                    .collect(Collectors.joining(",\n"))
                    + "\n\t}");
        }
        return members.isEmpty() ? "{}\n" : "{\n" + String.join(",\n", members) + "\n}\n";
    }

    /** Replaces the file as a whole; its directory must exist. */
    void write(Path file) {
        write(file, text(), "rw-r--r--");
    }

    static void write(Path file, String text, String mode) {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(temporary);
            Files.createFile(
                    temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(temporary, text);
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString(mode));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw FlynnException.invalid("cannot write %s: %s; its directory must exist".formatted(file, e));
        }
    }
}
