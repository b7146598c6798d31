package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.HostFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** Where the daemon finds more of its command line (contract: layer 0, Daemon flags). */
final class ConfigurationFile {

    private static final String VARIABLE = "FLYNN_HOST_CONFIG";
    private static final Path USUAL = Path.of("/etc/flynn/host.json");

    private ConfigurationFile() {}

    /**
     * Appends the file's arguments to those of a daemon; leaves other commands alone. A variable that is set to nothing means
     * no file.
     *
     * @throws FlynnException {@code VALIDATION} if a file that the operator named is missing, or one is damaged
     */
    static String[] apply(String[] args, Map<String, String> environment) {
        boolean isHelp = Stream.of(args).anyMatch(arg -> arg.equals("-h") || arg.equals("--help"));
        if (args.length == 0 || !args[0].equals(DaemonCommand.NAME) || isHelp) {
            return args;
        }
        String named = environment.getOrDefault(VARIABLE, USUAL.toString());
        if (named.isEmpty() || !environment.containsKey(VARIABLE) && !Files.exists(USUAL)) {
            return args;
        }
        HostFile file = HostFile.read(Path.of(named));
        file.env().forEach((name, value) -> {
            if (!value.equals(environment.get(name))) {
                throw FlynnException.invalid(
                        "\"env\" of %s sets %s, which a running program cannot change for itself: set it where the daemon is started, such as Environment= of its systemd unit"
                                .formatted(named, name));
            }
        });
        return Stream.concat(Stream.of(args), file.args().stream()).toArray(String[]::new);
    }
}
