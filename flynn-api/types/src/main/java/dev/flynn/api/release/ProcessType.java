package dev.flynn.api.release;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * How the jobs of one type of a release run (contract: controller, ProcessType).
 *
 * @param cmd appended to the entrypoint
 * @param entrypoint replaces the image's entrypoint when not empty
 * @param env overrides the release's env
 * @param data whether each job gets a volume at {@code /data}
 * @param omni whether every host runs the wanted number
 * @param hostNetwork whether jobs share the host's network
 * @param service the service whose instances decide that a job is up during a deployment
 * @param resurrect whether the host restarts the job by itself when it comes back
 * @param resources limits by type name, such as {@code memory}
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ProcessType(
        List<String> cmd,
        List<String> entrypoint,
        Map<String, String> env,
        List<Port> ports,
        boolean data,
        boolean omni,
        boolean hostNetwork,
        Optional<String> service,
        boolean resurrect,
        Map<String, ResourceLimit> resources) {

    public ProcessType {
        requireNonNull(service, "service");
        cmd = List.copyOf(cmd);
        entrypoint = List.copyOf(entrypoint);
        env = Map.copyOf(env);
        ports = List.copyOf(ports);
        resources = Map.copyOf(resources);
    }

    /** A type that runs a command and nothing more. */
    public static ProcessType ofCommand(List<String> cmd) {
        return new ProcessType(
                cmd, List.of(), Map.of(), List.of(), false, false, false, Optional.empty(), false, Map.of());
    }

    public ProcessType withCmd(List<String> other) {
        return new ProcessType(other, entrypoint, env, ports, data, omni, hostNetwork, service, resurrect, resources);
    }

    public ProcessType withEnv(Map<String, String> other) {
        return new ProcessType(cmd, entrypoint, other, ports, data, omni, hostNetwork, service, resurrect, resources);
    }

    public ProcessType withPorts(List<Port> other, Optional<String> watchedService) {
        return new ProcessType(
                cmd, entrypoint, env, other, data, omni, hostNetwork, watchedService, resurrect, resources);
    }

    public ProcessType withResources(Map<String, ResourceLimit> other) {
        return new ProcessType(cmd, entrypoint, env, ports, data, omni, hostNetwork, service, resurrect, other);
    }
}
