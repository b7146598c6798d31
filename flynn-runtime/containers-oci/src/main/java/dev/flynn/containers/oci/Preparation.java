package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.containers.oci.ContainerImages.ContainerImage;
import dev.flynn.containers.oci.ContainerPlan.Changes;
import dev.flynn.containers.oci.ContainerPlan.Entry;
import dev.flynn.containers.oci.ContainerPlan.User;
import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Makes ready what a job needs before its container is created, and writes the container's bundle. */
final class Preparation {

    private static final String SCHEME = "host:";
    private static final String TEMP_DISK = "temp_disk";
    private static final int MAX_HOSTNAME = 64;

    /** Docker's, without raw sockets and device nodes. */
    private static final List<String> ROOT_CAPABILITIES = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FSETID",
            "CAP_FOWNER",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_NET_BIND_SERVICE",
            "CAP_SYS_CHROOT",
            "CAP_KILL",
            "CAP_AUDIT_WRITE",
            "CAP_SETFCAP");

    /**
     * @param address where the job's ports are reachable
     */
    record Prepared(String address) {}

    /** What is run, and how, whatever kind of image it is. */
    private record Root(
            boolean ofHost,
            List<Path> layers,
            List<String> arguments,
            Map<String, String> environment,
            String workingDirectory,
            User user,
            List<String> capabilities,
            List<Entry> mounts,
            List<String> hidden) {}

    private final OciHost host;
    private final HostImage hostImage;
    private final Path imageFolders;
    private final Optional<ContainerImages> images;
    private final Optional<JobSpec.Image> stack;
    private final Optional<ContainerNetwork> network;
    private final JobFiles files;
    private final String hostAddress;
    private final String resolvers;
    private final long defaultProcesses;
    private final LayerLinks links;
    private final JobUsers users;

    Preparation(OciHost host, HostImage hostImage, OciContainerBackend.Builder settings) throws IOException {
        this.links = new LayerLinks(host.layout().links());
        this.users = new JobUsers(settings.user);
        this.host = host;
        this.hostImage = hostImage;
        this.imageFolders = settings.imageFolders;
        this.images = settings.images;
        this.stack = settings.stack;
        this.network = settings.network;
        this.files = settings.files;
        this.hostAddress = settings.address;
        this.resolvers =
                settings.nameserver.map(server -> "nameserver " + server + "\n").orElse("");
        this.defaultProcesses = settings.defaultProcesses;
    }

    Prepared prepare(JobSpec spec, JobDirectory directory, String controlGroup)
            throws IOException, InterruptedException {
        Map<String, ResourceLimit> limits = ResourceLimit.withDefaults(spec.resources());
        makeDirectories(directory, limits);
        List<Mount> wanted = new ArrayList<>(files.open(spec));
        wanted.addAll(spec.mounts());
        Root root = spec.image().type().equals(Artifact.HOST)
                ? hostRoot(spec, directory, users.of(spec, wanted))
                : imageRoot(spec);
        List<Entry> mounts = new ArrayList<>(root.mounts());
        for (Mount mount : wanted) {
            mounts.add(entry(mount, directory, mounts.size(), root.user()));
        }
        Optional<ContainerNetwork.Connection> connection = spec.hostNetwork() || network.isEmpty()
                ? Optional.empty()
                : Optional.of(network.get().open(spec.id()));
        String address = connection.map(ContainerNetwork.Connection::address).orElse(hostAddress);
        String hostname = hostname(spec);
        writeEtc(directory.upper(), hostname, address, connection.isPresent());
        if (root.ofHost()) {
            HostImage.fill(directory.upper(), root.user());
        }
        var plan = new ContainerPlan(
                hostname,
                root.arguments(),
                environment(spec, root, hostname, connection),
                spec.workingDirectory().orElse(root.workingDirectory()),
                root.user(),
                spec.tty(),
                host.layout().rootfs(),
                links.shortened(root.layers()),
                new Changes(directory.upper(), directory.work()),
                Seccomp.architectures(root.layers()),
                root.capabilities(),
                mounts,
                root.hidden(),
                host.conmon().tools().init(),
                connection.map(ContainerNetwork.Connection::namespace),
                controlGroup,
                limits,
                defaultProcesses,
                host.controlGroups().swapCounted());
        Files.write(directory.config(), host.json().writeBytes(RuntimeSpec.of(plan)));
        return new Prepared(address);
    }

    private static void makeDirectories(JobDirectory directory, Map<String, ResourceLimit> limits) throws IOException {
        Files.createDirectory(directory.disk());
        ResourceLimit disk = limits.get(TEMP_DISK);
        if (disk != null && disk.limit().isPresent() && TempDisks.arePossible()) {
            TempDisks.make(directory, disk.limit().getAsLong());
        }
        Files.createDirectory(directory.upper());
        Files.createDirectory(directory.work());
        HostImage.makeTmp(directory.tmp());
    }

    private Root hostRoot(JobSpec spec, JobDirectory directory, User user) throws IOException {
        String name = spec.image().uri().substring(SCHEME.length());
        Path folder = imageFolders.resolve(name).normalize();
        Path program = folder.resolve("init");
        if (!folder.startsWith(imageFolders) || folder.equals(imageFolders) || !Files.isExecutable(program)) {
            throw new IOException("there is no image %s: %s is no program"
                    .formatted(spec.image().uri(), program));
        }
        List<String> line = new ArrayList<>(spec.entrypoint());
        if (line.isEmpty()) {
            line.add(HostImage.IMAGE + "/init");
        }
        line.addAll(spec.cmd());
        if (stack.isPresent()) {
            return stackRoot(stack.get(), spec, line, user, HostImage.mountsOnStack(folder, directory.tmp()));
        }
        return new Root(
                true,
                hostImage.layers(),
                line,
                Map.of("HOME", HostImage.HOME),
                HostImage.HOME,
                user,
                List.of(),
                hostImage.mounts(folder, directory.tmp()),
                hostImage.hidden());
    }

    /** Nothing of this host is seen. */
    private Root stackRoot(JobSpec.Image image, JobSpec spec, List<String> line, User user, List<Entry> mounts)
            throws IOException {
        ContainerImage unpacked = images.orElseThrow().open(image, spec.id());
        Map<String, String> environment = new TreeMap<>(unpacked.env());
        environment.put("HOME", HostImage.HOME);
        return new Root(true, unpacked.layers(), line, environment, HostImage.HOME, user, List.of(), mounts, List.of());
    }

    private Root imageRoot(JobSpec spec) throws IOException {
        ContainerImage image = images.orElseThrow().open(spec.image(), spec.id());
        List<String> line = new ArrayList<>(spec.entrypoint());
        if (line.isEmpty()) {
            line.addAll(image.entrypoint());
            line.addAll(spec.cmd().isEmpty() ? image.cmd() : spec.cmd());
        } else {
            line.addAll(spec.cmd());
        }
        if (line.isEmpty()) {
            throw new IOException("image %s says no command, and neither does the job"
                    .formatted(spec.image().uri()));
        }
        ImageUsers users = ImageUsers.of(image.layers());
        User user = users.user(image.user());
        Map<String, String> environment = new TreeMap<>(Map.of("HOME", users.home(user)));
        environment.putAll(image.env());
        return new Root(
                false,
                image.layers(),
                line,
                environment,
                image.workingDirectory().isEmpty() ? "/" : image.workingDirectory(),
                user,
                ROOT_CAPABILITIES,
                List.of(),
                List.of());
    }

    private static Entry entry(Mount mount, JobDirectory directory, int index, User user) throws IOException {
        Path source = Path.of(mount.source());
        if (!Files.exists(source)) {
            throw new IOException("mount %s: there is no %s on the host".formatted(mount.destination(), source));
        }
        return switch (mount.access()) {
            case READ_ONLY -> Entry.bind(source, mount.destination(), false);
            case READ_WRITE -> Entry.bind(source, mount.destination(), true);
            case PRIVATE_COPY -> copy(source, mount.destination(), directory.copy(index), user);
        };
    }

    private static Entry copy(Path source, String destination, Path kept, User user) throws IOException {
        Files.createDirectories(kept);
        if (!Files.isDirectory(source)) {
            Path file = kept.resolve("file");
            Files.copy(source, file, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            Owner.give(file, user);
            return Entry.bind(file, destination, true);
        }
        Changes changes =
                new Changes(Files.createDirectory(kept.resolve("upper")), Files.createDirectory(kept.resolve("work")));
        Files.setAttribute(changes.upper(), "unix:mode", Files.getAttribute(source, "unix:mode"));
        Owner.give(changes.upper(), user);
        return Entry.overlay(List.of(source), changes, destination);
    }

    /** In the layer that the job writes to: it may change them, for itself. */
    private void writeEtc(Path upper, String hostname, String address, boolean own) throws IOException {
        Path etc = Files.createDirectory(upper.resolve("etc"));
        String named = own ? address + " " + hostname + "\n" : "";
        Files.writeString(
                etc.resolve("hosts"),
                "127.0.0.1 localhost\n127.0.0.1 " + hostname + "\n::1 localhost ip6-localhost ip6-loopback\n" + named);
        Files.writeString(etc.resolve("hostname"), hostname + "\n");
        Files.writeString(
                etc.resolve("resolv.conf"),
                resolvers.isEmpty() ? Proc.text(Path.of("/etc/resolv.conf")).orElse("") : resolvers);
    }

    private static String hostname(JobSpec spec) {
        String name = spec.id().uuid();
        return name.length() > MAX_HOSTNAME ? name.substring(0, MAX_HOSTNAME) : name;
    }

    private static Map<String, String> environment(
            JobSpec spec, Root root, String hostname, Optional<ContainerNetwork.Connection> connection)
            throws IOException {
        Map<String, String> environment = new TreeMap<>(Map.of("PATH", Shell.PATH, "TERM", "xterm"));
        environment.putAll(root.environment());
        environment.putAll(spec.env());
        connection.ifPresent(own -> environment.put("EXTERNAL_IP", own.address()));
        environment.put("HOSTNAME", hostname);
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            if (variable.getKey().isEmpty() || variable.getKey().indexOf('=') >= 0) {
                throw new IOException(
                        "environment variable \"%s\" has a name that no process can have".formatted(variable.getKey()));
            }
            if (variable.getKey().indexOf(0) >= 0 || variable.getValue().indexOf(0) >= 0) {
                throw new IOException("environment variable %s has a NUL, which no process can be given"
                        .formatted(variable.getKey()));
            }
        }
        return environment;
    }

    /** Gives back the networks of all jobs but those that are wanted. */
    void retain(Predicate<JobId> wanted) {
        network.ifPresent(net -> net.jobs().stream().filter(wanted.negate()).forEach(net::close));
    }

    /** Gives back what was opened for a job. */
    void release(JobId job) {
        network.ifPresent(net -> net.close(job));
        files.close(job);
        images.ifPresent(store -> store.release(job));
    }
}
