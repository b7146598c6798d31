package dev.flynn.api.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
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
 * @param mounts what of the host's files it sees beyond its image
 * @param volumes of the host that it has to itself
 * @param workingDirectory where its process begins; that of the image unless said
 * @param partition with which jobs it shares its part of the processors; those of {@code user} unless said
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
        boolean resurrect,
        List<Mount> mounts,
        List<VolumeBinding> volumes,
        Optional<String> workingDirectory,
        Optional<Priority> partition) {

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
        requireNonNull(workingDirectory, "workingDirectory");
        requireNonNull(partition, "partition");
        metadata = Map.copyOf(metadata);
        entrypoint = List.copyOf(entrypoint);
        cmd = List.copyOf(cmd);
        env = Map.copyOf(env);
        ports = List.copyOf(ports);
        resources = Map.copyOf(resources);
        mounts = List.copyOf(mounts);
        volumes = List.copyOf(volumes);
    }

    /** A job that runs a command of an image, and nothing more. */
    public static JobSpec ofCommand(JobId id, Image image, List<String> command) {
        return builder(id, image).cmd(command).build();
    }

    /** Of a job that runs what the image runs, with nothing else. */
    public static Builder builder(JobId id, Image image) {
        return new Builder(id, image);
    }

    public Builder toBuilder() {
        var builder = new Builder(id, image);
        builder.metadata = metadata;
        builder.entrypoint = entrypoint;
        builder.cmd = cmd;
        builder.env = env;
        builder.ports = ports;
        builder.resources = resources;
        builder.tty = tty;
        builder.stdin = stdin;
        builder.disableLog = disableLog;
        builder.data = data;
        builder.hostNetwork = hostNetwork;
        builder.resurrect = resurrect;
        builder.mounts = mounts;
        builder.volumes = volumes;
        builder.workingDirectory = workingDirectory;
        builder.partition = partition;
        return builder;
    }

    public JobSpec withId(JobId other) {
        Builder builder = toBuilder();
        builder.id = other;
        return builder.build();
    }

    public JobSpec withEnv(Map<String, String> other) {
        return toBuilder().env(other).build();
    }

    public JobSpec withPorts(List<Port> other) {
        return toBuilder().ports(other).build();
    }

    public JobSpec withStdin(boolean open) {
        return toBuilder().stdin(open).build();
    }

    public JobSpec withTty(TerminalSize size) {
        return toBuilder().tty(Optional.of(size)).build();
    }

    /** Collects what a job needs. */
    public static final class Builder {

        private JobId id;
        private Image image;
        private Map<String, String> metadata = Map.of();
        private List<String> entrypoint = List.of();
        private List<String> cmd = List.of();
        private Map<String, String> env = Map.of();
        private List<Port> ports = List.of();
        private Map<String, ResourceLimit> resources = Map.of();
        private Optional<TerminalSize> tty = Optional.empty();
        private boolean stdin;
        private boolean disableLog;
        private boolean data;
        private boolean hostNetwork;
        private boolean resurrect;
        private List<Mount> mounts = List.of();
        private List<VolumeBinding> volumes = List.of();
        private Optional<String> workingDirectory = Optional.empty();
        private Optional<Priority> partition = Optional.empty();

        private Builder(JobId id, Image image) {
            this.id = id;
            this.image = image;
        }

        public Builder image(Image value) {
            this.image = value;
            return this;
        }

        public Builder metadata(Map<String, String> value) {
            this.metadata = value;
            return this;
        }

        public Builder entrypoint(List<String> value) {
            this.entrypoint = value;
            return this;
        }

        public Builder cmd(List<String> value) {
            this.cmd = value;
            return this;
        }

        public Builder env(Map<String, String> value) {
            this.env = value;
            return this;
        }

        public Builder ports(List<Port> value) {
            this.ports = value;
            return this;
        }

        public Builder resources(Map<String, ResourceLimit> value) {
            this.resources = value;
            return this;
        }

        public Builder tty(Optional<TerminalSize> value) {
            this.tty = value;
            return this;
        }

        public Builder stdin(boolean value) {
            this.stdin = value;
            return this;
        }

        public Builder disableLog(boolean value) {
            this.disableLog = value;
            return this;
        }

        public Builder data(boolean value) {
            this.data = value;
            return this;
        }

        public Builder hostNetwork(boolean value) {
            this.hostNetwork = value;
            return this;
        }

        public Builder resurrect(boolean value) {
            this.resurrect = value;
            return this;
        }

        public Builder mounts(List<Mount> value) {
            this.mounts = value;
            return this;
        }

        public Builder volumes(List<VolumeBinding> value) {
            this.volumes = value;
            return this;
        }

        public Builder workingDirectory(Optional<String> value) {
            this.workingDirectory = value;
            return this;
        }

        public Builder partition(Optional<Priority> value) {
            this.partition = value;
            return this;
        }

        public JobSpec build() {
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
                    stdin,
                    disableLog,
                    data,
                    hostNetwork,
                    resurrect,
                    mounts,
                    volumes,
                    workingDirectory,
                    partition);
        }
    }
}
