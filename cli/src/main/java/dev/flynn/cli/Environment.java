package dev.flynn.cli;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the program's process was given.
 *
 * @param variables the environment variables
 * @param directory where the user stands
 * @param program path of the program, for git to call back
 */
record Environment(Map<String, String> variables, Path directory, String program) {

    /** The launcher says where it is. */
    private static final String PROGRAM_PROPERTY = "flynn.program";

    static Environment ofProcess() {
        return new Environment(
                System.getenv(), Path.of("").toAbsolutePath(), System.getProperty(PROGRAM_PROPERTY, "flynn"));
    }

    /** A variable's value; one that is set but empty counts as not set. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
    }

    /** A program, by its name, where the user's PATH says. */
    Optional<Path> executable(String name) {
        return variable("PATH").stream()
                .flatMap(path -> Stream.of(path.split(Pattern.quote(File.pathSeparator), -1)))
                .filter(directory -> !directory.isEmpty())
                .map(path -> directory.resolve(path).resolve(name))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    Path home() {
        return Path.of(variable("HOME").orElseGet(() -> System.getProperty("user.home")));
    }

    Path clusterFile() {
        return variable("FLYNNRC").map(Path::of).orElseGet(() -> home().resolve(".flynnrc"));
    }

    /** The certificate authority of a cluster, for git. */
    Path caCertificate(String cluster) {
        return home().resolve(".flynn").resolve("ca-certs").resolve(cluster + ".pem");
    }
}
