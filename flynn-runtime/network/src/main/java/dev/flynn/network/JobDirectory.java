package dev.flynn.network;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What outlives the process: {@code namespaces/<address>} is a network namespace, {@code jobs/<job id>} a link to the one
 * that the job has.
 */
final class JobDirectory {

    private static final String MOUNT_TABLE = "/proc/self/mountinfo";
    private static final int MOUNT_POINT = 4;

    private final Path jobs;
    private final Path namespaces;

    JobDirectory(Path directory) throws IOException {
        this.jobs = Files.createDirectories(directory.resolve("jobs"));
        this.namespaces = Files.createDirectories(directory.resolve("namespaces"));
    }

    Path namespace(int address) {
        return namespaces.resolve(Ipv4.format(address));
    }

    void assign(JobId job, int address) throws IOException {
        Files.createSymbolicLink(link(job), jobs.relativize(namespace(address)));
    }

    void forget(JobId job) throws IOException {
        Files.deleteIfExists(link(job));
    }

    /** The jobs that have a network, with its address; those that lost theirs by a reboot are forgotten. */
    Map<JobId, Integer> jobs() throws IOException {
        Set<Path> alive = mountPoints();
        Map<JobId, Integer> found = new HashMap<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(jobs)) {
            for (Path link : links) {
                Path namespace = jobs.resolve(Files.readSymbolicLink(link)).normalize();
                if (Files.exists(namespace) && alive.contains(namespace.toRealPath())) {
                    found.put(job(link), Ipv4.parse(namespace.getFileName().toString()));
                } else {
                    Files.delete(link);
                }
            }
        }
        return found;
    }

    /** The addresses for which there is a namespace, or was. */
    Set<Integer> addresses() throws IOException {
        Set<Integer> found = new HashSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(namespaces)) {
            for (Path file : files) {
                found.add(Ipv4.parse(file.getFileName().toString()));
            }
        }
        return found;
    }

    void delete() throws IOException {
        Files.deleteIfExists(jobs);
        Files.deleteIfExists(namespaces);
    }

    private static Set<Path> mountPoints() throws IOException {
        try (Stream<String> table = Files.lines(Path.of(MOUNT_TABLE))) {
            return table.map(line -> Path.of(line.split(" ", -1)[MOUNT_POINT])).collect(Collectors.toSet());
        }
    }

    private Path link(JobId job) {
        return jobs.resolve(URLEncoder.encode(job.value(), StandardCharsets.UTF_8));
    }

    private static JobId job(Path link) {
        return new JobId(URLDecoder.decode(link.getFileName().toString(), StandardCharsets.UTF_8));
    }
}
