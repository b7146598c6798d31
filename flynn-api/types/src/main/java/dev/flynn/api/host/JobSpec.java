package dev.flynn.api.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ResourceLimit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Everything that a host needs to know to run a job; complete in itself.
 *
 * @param metadata what the job belongs to, see the {@code META_} keys, and the app's own metadata
 * @param image what to run
 * @param entrypoint replaces the image's entrypoint when not empty
 * @param cmd appended to the entrypoint
 * @param env as submitted; the host adds ports, addresses and its own variables
 * @param ports in order; a port of 0 is assigned by the host, which writes the result back
 * @param resources limits by type name
 * @param tty present when the job wants a terminal
 * @param stdin whether its standard input is open; otherwise it reads end of file
 * @param disableLog whether its output is delivered raw to those attached and kept out of the log
 * @param data whether it gets a volume at {@code /data}
 * @param resurrect whether the host restarts it by itself, under a new id, when the host comes back
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record JobSpec(
        JobId id,
        Map<String, String> metadata,
        Image image,
        List<String> entrypoint,
        List<String> cmd,
        Map<String, String> env,
        List<Port> ports,
        Map<String, ResourceLimit> resources,
        Optional<TerminalSize> tty,
        boolean stdin,
        boolean disableLog,
        boolean data,
        boolean hostNetwork,
        boolean resurrect) {

    public static final String META_APP = "flynn-controller.app";
    public static final String META_APP_NAME = "flynn-controller.app_name";
    public static final String META_RELEASE = "flynn-controller.release";
    /** The process type; absent for one-off jobs. */
    public static final String META_TYPE = "flynn-controller.type";

    /** What a job runs: the type and URI of an artifact. */
    public record Image(String type, String uri) {}

    public JobSpec {
        requireNonNull(id, "id");
        requireNonNull(image, "image");
        requireNonNull(tty, "tty");
        metadata = Map.copyOf(metadata);
        entrypoint = List.copyOf(entrypoint);
        cmd = List.copyOf(cmd);
        env = Map.copyOf(env);
        ports = List.copyOf(ports);
        resources = Map.copyOf(resources);
    }

    /** A job that runs a command of an image, and nothing more. */
    public static JobSpec ofCommand(JobId id, Image image, List<String> command) {
        return new JobSpec(
                id,
                Map.of(),
                image,
                List.of(),
                command,
                Map.of(),
                List.of(),
                Map.of(),
                Optional.empty(),
                false,
                false,
                false,
                false,
                false);
    }

    public JobSpec withId(JobId other) {
        return new JobSpec(
                other,
                metadata,
                image,
                entrypoint,
                cmd,
                env,
                ports,
                resources,
                tty,
                stdin,
                disableLog,
                data,
                hostNetwork,
                resurrect);
    }

    public JobSpec withEnv(Map<String, String> other) {
        return new JobSpec(
                id,
                metadata,
                image,
                entrypoint,
                cmd,
                other,
                ports,
                resources,
                tty,
                stdin,
                disableLog,
                data,
                hostNetwork,
                resurrect);
    }

    public JobSpec withPorts(List<Port> other) {
        return new JobSpec(
                id,
                metadata,
                image,
                entrypoint,
                cmd,
                env,
                other,
                resources,
                tty,
                stdin,
                disableLog,
                data,
                hostNetwork,
                resurrect);
    }

    public JobSpec withStdin(boolean open) {
        return new JobSpec(
                id,
                metadata,
                image,
                entrypoint,
                cmd,
                env,
                ports,
                resources,
                tty,
                open,
                disableLog,
                data,
                hostNetwork,
                resurrect);
    }

    public JobSpec withTty(TerminalSize size) {
        return new JobSpec(
                id,
                metadata,
                image,
                entrypoint,
                cmd,
                env,
                ports,
                resources,
                Optional.of(size),
                stdin,
                disableLog,
                data,
                hostNetwork,
                resurrect);
    }
}
