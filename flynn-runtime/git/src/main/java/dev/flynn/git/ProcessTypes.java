package dev.flynn.git;

import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Service;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The process types of what was built, as the builder's output names them (contract: layer 1, flynn-receiver, Release). */
final class ProcessTypes {

    private static final Pattern DECLARATION = Pattern.compile("types.* -> (.+)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");
    private static final int WEB_PORT = 8080;

    private ProcessTypes() {}

    /** The types that a line of output declares; empty if it is no declaration. */
    static List<String> declaredIn(String line) {
        Matcher declaration = DECLARATION.matcher(line);
        if (!declaration.find()) {
            return List.of();
        }
        return Stream.of(declaration.group(1).split(","))
                .map(String::strip)
                .filter(type -> NAME.matcher(type).matches())
                .distinct()
                .toList();
    }

    /** Keeps what the previous release says of a type, sets its command, and gives web types a port and a service. */
    static Map<String, ProcessType> ofRelease(String app, List<String> types, Map<String, ProcessType> previous) {
        Map<String, ProcessType> processes = new HashMap<>();
        for (String type : types) {
            ProcessType process = previous.getOrDefault(type, ProcessType.ofCommand(List.of()))
                    .withCmd(List.of("start", type));
            if (type.equals("web") || type.endsWith("-web")) {
                String service = app + "-" + type;
                var port = new Port(
                        WEB_PORT, "tcp", Optional.of(new Service(service, true, Optional.of(HealthCheck.tcp()))));
                process = process.withPorts(List.of(port), Optional.of(service));
            }
            processes.put(type, process);
        }
        return processes;
    }
}
