package dev.flynn.containers.docker;

import dev.flynn.spi.container.JobFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * The root of a file system in which the host's programs run and nothing else of the host is seen: its directories of
 * programs and libraries are bound into it, of {@code /etc} it has a copy of what everybody may read, the rest is empty.
 */
final class HostRoot {

    /** Home and working directory of jobs. */
    static final String HOME = "/app";

    /** Where a job sees the folder of its image. */
    static final String IMAGE = "/.flynn/image";

    private static final List<String> PROGRAMS = List.of("bin", "lib", "lib32", "lib64", "libx32", "opt", "usr");
    /** Not bound: engines put their init there. */
    private static final String SBIN = "sbin";

    private static final int DIRECTORY = 0755;
    private static final int EVERYBODYS = 01777;

    private static final Map<String, Integer> DIRECTORIES = Map.ofEntries(
            Map.entry(".flynn/image", DIRECTORY),
            Map.entry("dev", DIRECTORY),
            Map.entry("etc", DIRECTORY),
            Map.entry("mnt", DIRECTORY),
            Map.entry("proc", DIRECTORY),
            Map.entry("run", DIRECTORY),
            Map.entry("sys", DIRECTORY),
            Map.entry("tmp", EVERYBODYS),
            Map.entry("var/cache", DIRECTORY),
            Map.entry("var/lib", DIRECTORY),
            Map.entry("var/log", DIRECTORY),
            Map.entry("var/tmp", EVERYBODYS));

    /** Nobody's business even where everybody may read it. */
    private static final Set<String> PRIVATE = Set.of(
            "etc/passwd-",
            "etc/group-",
            "etc/shadow",
            "etc/shadow-",
            "etc/gshadow",
            "etc/gshadow-",
            "etc/sudoers",
            "etc/sudoers.d",
            "etc/security/opasswd",
            "etc/ssh",
            "etc/ssl/private",
            "etc/letsencrypt",
            "etc/flynn",
            "etc/docker",
            "etc/containerd",
            "etc/kubernetes",
            "etc/krb5.keytab",
            "etc/machine-id",
            "etc/NetworkManager",
            "etc/wireguard",
            "etc/openvpn",
            "etc/ppp",
            "etc/cron.d",
            "etc/fstab",
            "etc/crypttab");

    private final Path root;
    private final int user;
    /** Written anew: no accounts of the host, and what the engine lays over. */
    private final Map<String, String> files;

    /**
     * @param root of the host
     * @param user of jobs, by number
     */
    HostRoot(Path root, int user) {
        this.root = root;
        this.user = user;
        this.files = Map.of(
                "etc/passwd",
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                        + "app:x:%d:%d::%s:/bin/bash\n".formatted(user, JobFiles.GROUP, HOME),
                "etc/group",
                "root:x:0:\ntty:x:5:\nnogroup:x:65534:\napp:x:%d:\n".formatted(JobFiles.GROUP),
                "etc/hostname",
                "",
                "etc/hosts",
                "",
                "etc/resolv.conf",
                "");
    }

    /** What of the host is bound into it, read-only, at the same path. */
    List<Path> bound() {
        return PROGRAMS.stream()
                .map(root::resolve)
                .filter(directory -> Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS))
                .toList();
    }

    /** Writes the layer in which all that is. */
    void writeLayer(Path layer) throws IOException {
        try (OutputStream bytes = new BufferedOutputStream(Files.newOutputStream(layer));
                var tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            for (String name : new TreeSet<>(DIRECTORIES.keySet())) {
                putDirectory(tar, name, DIRECTORIES.getOrDefault(name, DIRECTORY));
            }
            putHome(tar);
            for (String name : PROGRAMS) {
                Path path = root.resolve(name);
                if (Files.isSymbolicLink(path)) {
                    putLink(tar, name, Files.readSymbolicLink(path).toString());
                } else if (Files.isDirectory(path)) {
                    putDirectory(tar, name, DIRECTORY);
                }
            }
            putDirectory(tar, SBIN, DIRECTORY);
            for (Path program : sorted(root.resolve("usr/sbin"))) {
                putLink(tar, SBIN + "/" + program.getFileName(), "/" + root.relativize(program));
            }
            for (String name : new TreeSet<>(files.keySet())) {
                putFile(tar, name, 0644, files.getOrDefault(name, "").getBytes(StandardCharsets.UTF_8));
            }
            putSettings(tar, root.resolve("etc"));
        }
    }

    /** The files of a directory that everybody may read. */
    private void putSettings(TarArchiveOutputStream tar, Path directory) throws IOException {
        for (Path entry : sorted(directory)) {
            String name = root.relativize(entry).toString();
            if (PRIVATE.contains(name) || files.containsKey(name)) {
                continue;
            }
            if (Files.isSymbolicLink(entry)) {
                putLink(tar, name, Files.readSymbolicLink(entry).toString());
                continue;
            }
            PosixFileAttributes attributes = Files.readAttributes(entry, PosixFileAttributes.class);
            boolean readable = attributes.permissions().contains(PosixFilePermission.OTHERS_READ);
            if (attributes.isDirectory() && readable) {
                putDirectory(tar, name, DIRECTORY);
                putSettings(tar, entry);
            } else if (attributes.isRegularFile() && readable) {
                boolean program = attributes.permissions().contains(PosixFilePermission.OTHERS_EXECUTE);
                putFile(tar, name, program ? 0755 : 0644, Files.readAllBytes(entry));
            }
        }
    }

    private static List<Path> sorted(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
                found.forEach(entries::add);
            }
        }
        entries.sort(null);
        return entries;
    }

    private void putHome(TarArchiveOutputStream tar) throws IOException {
        var entry = new TarArchiveEntry(HOME.substring(1) + "/");
        entry.setMode((TarArchiveEntry.DEFAULT_DIR_MODE & ~07777) | DIRECTORY);
        put(tar, entry, new byte[0], user, JobFiles.GROUP);
    }

    private static void putDirectory(TarArchiveOutputStream tar, String name, int mode) throws IOException {
        var entry = new TarArchiveEntry(name + "/");
        entry.setMode((TarArchiveEntry.DEFAULT_DIR_MODE & ~07777) | mode);
        put(tar, entry, new byte[0]);
    }

    private static void putLink(TarArchiveOutputStream tar, String name, String target) throws IOException {
        var entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        entry.setLinkName(target);
        put(tar, entry, new byte[0]);
    }

    private static void putFile(TarArchiveOutputStream tar, String name, int mode, byte[] content) throws IOException {
        var entry = new TarArchiveEntry(name);
        entry.setMode((TarArchiveEntry.DEFAULT_FILE_MODE & ~07777) | mode);
        entry.setSize(content.length);
        put(tar, entry, content);
    }

    private static void put(TarArchiveOutputStream tar, TarArchiveEntry entry, byte[] content) throws IOException {
        put(tar, entry, content, 0, 0);
    }

    /** Without a time: the same host has the same image. */
    private static void put(TarArchiveOutputStream tar, TarArchiveEntry entry, byte[] content, int user, int group)
            throws IOException {
        entry.setModTime(0);
        entry.setIds(user, group);
        entry.setNames("", "");
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }
}
