package dev.flynn.containers.oci;

import dev.flynn.containers.oci.ContainerPlan.Entry;
import dev.flynn.containers.oci.ContainerPlan.User;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The host's own root file system as an image, without the host's secrets: programs, libraries and what of {@code /etc}
 * everybody may read. Everything else of the host is not there.
 *
 * @param var an empty {@code /var}
 * @param emptied directories of the host that have nothing in them
 * @param hidden files and directories of the host that cannot be read
 * @param bound what is a file system of its own on this host, which overlayfs does not see
 */
record HostImage(Path var, List<Entry> emptied, List<String> hidden, List<String> bound) {

    /** Home and working directory of jobs. */
    static final String HOME = "/app";

    /** Where a job sees the folder of its image. */
    static final String IMAGE = "/.flynn/image";

    /** What of the root directory jobs need. */
    private static final Set<String> VISIBLE =
            Set.of("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "opt", "etc");
    /** Has something of its own in containers. */
    private static final Set<String> REPLACED = Set.of("proc", "sys", "dev", "run", "tmp", "var", "app", ".flynn");

    /** Secrets even where somebody made them readable for everybody. */
    private static final List<String> SECRETS = List.of(
            "/etc/shadow",
            "/etc/shadow-",
            "/etc/gshadow",
            "/etc/gshadow-",
            "/etc/passwd-",
            "/etc/group-",
            "/etc/security/opasswd",
            "/etc/sudoers",
            "/etc/sudoers.d",
            "/etc/ssh",
            "/etc/ssl/private",
            "/etc/letsencrypt",
            "/etc/flynn",
            "/etc/docker",
            "/etc/containerd",
            "/etc/kubernetes",
            "/etc/krb5.keytab",
            "/etc/machine-id",
            "/etc/NetworkManager",
            "/etc/wireguard",
            "/etc/openvpn",
            "/etc/ppp",
            "/etc/cron.d",
            "/etc/fstab",
            "/etc/crypttab");

    /** Makes it ready; what it hides is what is there now. */
    static HostImage prepare(Layout layout, Path root) throws IOException {
        for (String name : new String[] {"tmp", "log", "cache", "lib", "spool", "mail", "opt"}) {
            Files.createDirectories(layout.hostVar().resolve(name));
        }
        link(layout.hostVar().resolve("run"), "../run");
        link(layout.hostVar().resolve("lock"), "../run/lock");
        List<String> hidden = new ArrayList<>(SECRETS);
        List<Entry> emptied = new ArrayList<>();
        List<String> bound = new ArrayList<>();
        Object device = Files.getAttribute(root, "unix:dev");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (Files.isSymbolicLink(entry) || REPLACED.contains(name)) {
                    continue;
                }
                if (!VISIBLE.contains(name)) {
                    if (Files.isDirectory(entry)) {
                        emptied.add(empty("/" + name));
                    } else {
                        hidden.add("/" + name);
                    }
                } else if (!Files.getAttribute(entry, "unix:dev").equals(device)) {
                    bound.add("/" + name);
                }
            }
        }
        addUnreadable(root.resolve("etc"), root, hidden);
        String data = layout.root().toString();
        if (VISIBLE.stream().anyMatch(name -> data.startsWith("/" + name + "/"))) {
            hidden.add(data);
        }
        return new HostImage(layout.hostVar(), List.copyOf(emptied), List.copyOf(hidden), List.copyOf(bound));
    }

    /** Not by a mask, which would be laid over what is mounted in it. */
    private static Entry empty(String path) {
        String mode = path.equals("/root") ? "mode=700" : "mode=755";
        return new Entry(path, "tmpfs", "tmpfs", List.of("nosuid", "nodev", "noexec", mode, "size=64k"));
    }

    private static void link(Path link, String target) throws IOException {
        if (!Files.isSymbolicLink(link)) {
            Files.createSymbolicLink(link, Path.of(target));
        }
    }

    /** Adds what not everybody may read. */
    private static void addUnreadable(Path directory, Path root, List<String> hidden) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path entered, BasicFileAttributes attributes) throws IOException {
                return readable(entered) && visit(entered) ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!attributes.isSymbolicLink()) {
                    readable(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE;
            }

            private boolean readable(Path file) throws IOException {
                boolean readable = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .permissions()
                        .contains(PosixFilePermission.OTHERS_READ);
                if (!readable) {
                    hide(file);
                }
                return readable;
            }

            private boolean visit(Path entered) {
                return !hidden.contains(path(entered));
            }

            private void hide(Path file) {
                String path = path(file);
                if (!hidden.contains(path)) {
                    hidden.add(path);
                }
            }

            private String path(Path file) {
                return "/" + root.relativize(file);
            }
        });
    }

    /** A layer that is part of the host's root file system itself could not be laid over it, so that each job has its own. */
    List<Path> layers() {
        return List.of(Path.of("/"));
    }

    /** Lays what jobs have instead of the host's into what a job wrote: its home, and the users that matter. */
    static void fill(Path upper, User user) throws IOException {
        Owner.give(Files.createDirectory(upper.resolve("app")), user);
        Path etc = upper.resolve("etc");
        Files.writeString(
                etc.resolve("passwd"),
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                        + "app:x:%d:%d::%s:/bin/bash\n".formatted(user.uid(), user.gid(), HOME));
        Files.writeString(
                etc.resolve("group"), "root:x:0:\ntty:x:5:\nnogroup:x:65534:\napp:x:%d:\n".formatted(user.gid()));
    }

    /** What a job of an image needs beside them. */
    List<Entry> mounts(Path imageFolder, Path tmp) {
        List<Entry> mounts = new ArrayList<>();
        mounts.addAll(emptied);
        for (String path : bound) {
            mounts.add(Entry.bind(Path.of(path), path, false));
        }
        mounts.add(new Entry("/run", "tmpfs", "tmpfs", List.of("nosuid", "nodev", "mode=755", "size=65536k")));
        mounts.add(Entry.bind(tmp, "/tmp", true));
        mounts.add(Entry.bind(var, "/var", false));
        mounts.add(Entry.bind(tmp, "/var/tmp", true));
        mounts.add(Entry.bind(imageFolder, IMAGE, false));
        return mounts;
    }

    /** What a job on a stack needs beside it, which has a {@code /var} of its own. */
    static List<Entry> mountsOnStack(Path imageFolder, Path tmp) {
        return List.of(
                new Entry("/run", "tmpfs", "tmpfs", List.of("nosuid", "nodev", "mode=755", "size=65536k")),
                Entry.bind(tmp, "/tmp", true),
                Entry.bind(tmp, "/var/tmp", true),
                Entry.bind(imageFolder, IMAGE, false));
    }

    /** Everybody may write to it, and delete what is his own. */
    static void makeTmp(Path tmp) throws IOException {
        Files.createDirectory(tmp);
        Files.setAttribute(tmp, "unix:mode", 01777);
    }
}
