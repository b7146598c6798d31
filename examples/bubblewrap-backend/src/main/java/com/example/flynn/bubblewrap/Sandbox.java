package com.example.flynn.bubblewrap;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** What the sandbox of a job is made of, in the words of bwrap(1). */
final class Sandbox {

    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final String HOME = "/app";

    /** Where a job finds the folder of its image. */
    private static final String IMAGE = "/.image";

    /** The user of jobs, inside the sandbox; outside too if this process is root's. */
    private static final String USER = "100000";

    /** The host's programs. */
    private static final List<String> PROGRAMS =
            List.of("/usr", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32");

    /** What programs look up in /etc. What is not named here, such as passwords and keys, a job does not see. */
    private static final List<String> CONFIGURATION = List.of(
            "alternatives",
            "ca-certificates",
            "host.conf",
            "hosts",
            "java-17-openjdk",
            "ld.so.cache",
            "ld.so.conf",
            "ld.so.conf.d",
            "localtime",
            "mime.types",
            "nsswitch.conf",
            "os-release",
            "perl",
            "protocols",
            "python3",
            "resolv.conf",
            "services",
            "ssl/certs",
            "ssl/openssl.cnf",
            "timezone");

    private static final String USERS =
            """
            root:x:0:0:root:/root:/bin/sh
            app:x:%1$s:%1$s:app:/app:/bin/sh
            nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
            """.formatted(USER);
    private static final String GROUPS =
            """
            root:x:0:
            app:x:%s:
            files:x:%d:app
            nogroup:x:65534:
            """.formatted(USER, JobFiles.GROUP);

    private final JobDirectories directories;
    private final Path images;
    private final boolean root;
    private final String start = script("start.sh");
    private final String enter = script("enter.pl");

    private Sandbox(JobDirectories directories, Path images, boolean root) {
        this.directories = directories;
        this.images = images;
        this.root = root;
    }

    /** @throws IOException this machine cannot make sandboxes; the message says what is missing */
    static Sandbox open(JobDirectories directories, Path images) throws IOException {
        var sandbox = new Sandbox(directories, images, directories.ownedByRoot());
        directories.write("passwd", USERS);
        directories.write("group", GROUPS);
        sandbox.probe();
        return sandbox;
    }

    private void probe() throws IOException {
        try {
            Commands.run("bwrap", "--version");
        } catch (IOException e) {
            throw new IOException("bwrap cannot be run; on Debian: apt-get install bubblewrap", e);
        }
        Commands.run("bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "perl", "-e", "1");
        if (root) {
            Commands.run("setpriv", "--version");
        }
    }

    /** The command line that starts a job in its directory, which has the files that {@link #prepare} writes. */
    List<String> commandLine(JobSpec spec) {
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", start, "sh", descriptors(spec)));
        if (root) {
            // bwrap leaves root's jobs root; with its user a job loses what lets it change to that
            line.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--groups=" + JobFiles.GROUP));
            line.addAll(List.of("--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"));
        }
        line.addAll(List.of("/usr/bin/perl", "-e", enter));
        return line;
    }

    /** The environment of that command line, which is bwrap's and not the job's. */
    Map<String, String> environment(JobDirectory directory) {
        return Map.of("PATH", PATH, JobDirectories.MARK, directory.path().toString());
    }

    private static String descriptors(JobSpec spec) {
        ResourceLimit limit = spec.resources().get(ResourceLimit.MAX_FD);
        return limit == null || limit.limit().isEmpty()
                ? "-"
                : String.valueOf(limit.limit().getAsLong());
    }

    /** Writes what bwrap and enter.pl read. */
    void prepare(JobSpec spec, List<Mount> mounts, JobDirectory directory) throws IOException {
        directory.create();
        directory.writeItems("command", command(spec));
        directory.writeItems("options", options(spec, mounts, directory));
    }

    private List<String> command(JobSpec spec) throws IOException {
        Path init = image(spec).resolve("init");
        if (spec.entrypoint().isEmpty() && !Files.isExecutable(init)) {
            throw new IOException(
                    "there is no image %s: no program %s".formatted(spec.image().uri(), init));
        }
        List<String> entrypoint = spec.entrypoint().isEmpty() ? List.of(IMAGE + "/init") : spec.entrypoint();
        return Stream.concat(entrypoint.stream(), spec.cmd().stream()).toList();
    }

    private Path image(JobSpec spec) {
        return images.resolve(spec.image().uri().substring("host:".length()));
    }

    private List<String> options(JobSpec spec, List<Mount> mounts, JobDirectory directory) throws IOException {
        List<String> options = new ArrayList<>();
        add(options, "--die-with-parent", "--new-session");
        add(options, "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "flynn");
        if (root) {
            add(options, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID");
            add(options, "--cap-add", "CAP_SETPCAP");
        } else {
            add(options, "--unshare-user", "--uid", USER, "--gid", USER);
        }
        PROGRAMS.forEach(folder -> addProgram(options, Path.of(folder)));
        add(options, "--dir", "/etc", "--dir", "/etc/ssl");
        CONFIGURATION.forEach(name -> add(options, "--ro-bind-try", "/etc/" + name, "/etc/" + name));
        add(options, "--ro-bind", directories.file("passwd").toString(), "/etc/passwd");
        add(options, "--ro-bind", directories.file("group").toString(), "/etc/group");
        add(options, "--proc", "/proc", "--dev", "/dev", "--dir", "/run", "--dir", "/var");
        add(options, "--bind", directory.tmp().toString(), "/tmp", "--symlink", "/tmp", "/var/tmp");
        add(options, "--bind", directory.app().toString(), HOME);
        if (Files.isDirectory(image(spec))) {
            add(options, "--ro-bind", image(spec).toString(), IMAGE);
        }
        for (Mount mount : mounts) {
            addMount(options, mount, directory);
        }
        add(options, "--remount-ro", "/", "--chdir", spec.workingDirectory().orElse(HOME), "--clearenv");
        Map<String, String> environment = new HashMap<>(Map.of("PATH", PATH, "TERM", "dumb"));
        environment.putAll(spec.env());
        environment.put("HOME", HOME);
        environment.forEach((name, value) -> add(options, "--setenv", name, value));
        return options;
    }

    /** Where /bin is a link to /usr/bin on the host, it is one in the sandbox. */
    private static void addProgram(List<String> options, Path folder) {
        if (!Files.isSymbolicLink(folder)) {
            add(options, "--ro-bind-try", folder.toString(), folder.toString());
            return;
        }
        try {
            add(options, "--symlink", Files.readSymbolicLink(folder).toString(), folder.toString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void addMount(List<String> options, Mount mount, JobDirectory directory) throws IOException {
        addParents(options, Path.of(mount.destination()));
        switch (mount.access()) {
            case READ_ONLY -> add(options, "--ro-bind", mount.source(), mount.destination());
            case READ_WRITE -> add(options, "--bind", mount.source(), mount.destination());
            case PRIVATE_COPY -> add(
                    options, "--bind", directory.copyOf(mount.source()).toString(), mount.destination());
        }
    }

    /** bwrap makes them by itself too, but then root alone can enter them. */
    private static void addParents(List<String> options, Path destination) {
        Path parent = destination.getParent();
        if (parent != null && parent.getNameCount() > 0) {
            addParents(options, parent);
            add(options, "--dir", parent.toString());
        }
    }

    private static void add(List<String> options, String... more) {
        options.addAll(List.of(more));
    }

    private static String script(String name) {
        try (InputStream script = Sandbox.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(script, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
