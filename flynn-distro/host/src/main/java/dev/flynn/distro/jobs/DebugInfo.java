package dev.flynn.distro.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.host.api.HostClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** What people need to find out what is wrong with a host (contract: layer 0, collect-debug-info). */
final class DebugInfo {

    private static final long COMMAND_SECONDS = 15;
    private static final int MAX_COMMAND_BYTES = 4 << 20;
    private static final int MAX_LOG_BYTES = 4 << 20;
    private static final String SEPARATOR = "\n\n" + "***** ".repeat(10).strip() + "\n\n\n";

    private static final List<List<String>> COMMANDS = List.of(
            List.of("ps", "faux"),
            List.of("ifconfig"),
            List.of("ip", "address"),
            List.of("uname", "-a"),
            List.of("lsb_release", "-a"),
            List.of("date"),
            List.of("free", "-m"),
            List.of("df", "-h"),
            List.of("runc", "list"),
            List.of("route", "-n"),
            List.of("iptables", "-L", "-v", "-n", "--line-numbers"));

    /**
     * @param withEnv whether the environments of jobs are in it
     * @param withAppLogs whether what the jobs of users' apps wrote is in it
     * @param jobLines how many lines of each job
     */
    record Scope(boolean withEnv, boolean withAppLogs, int jobLines) {}

    private final Scope scope;
    private final Path dataDirectory;
    private final String version;

    /** Is told what is done, and what goes wrong with a part. */
    private final BiConsumer<String, String> say;

    private final Map<String, byte[]> files = new TreeMap<>();

    DebugInfo(Scope scope, Path dataDirectory, String version, BiConsumer<String, String> say) {
        this.scope = scope;
        this.dataDirectory = dataDirectory;
        this.version = version;
        this.say = say;
    }

    /** Collects all; a part that cannot be had is left out, and said. */
    Map<String, byte[]> collect(HostsOptions hosts) {
        say.accept("info", "getting flynn-host logs");
        tail(dataDirectory.resolve("log").resolve("flynn-host.log"))
                .ifPresent(
                        log -> files.put("flynn-host.log", Secrets.redact(log).getBytes(UTF_8)));
        say.accept("info", "getting job logs");
        String instead = "";
        try {
            jobs(hosts.all());
        } catch (FlynnException e) {
            say.accept("eror", "cannot list the jobs: " + e.getMessage());
            instead = scope.withAppLogs() ? tailsOfAllLogs() : "";
        }
        say.accept("info", "getting system information");
        files.put("0-debug-output.log", (commands() + instead).getBytes(UTF_8));
        return files;
    }

    // jobs

    private void jobs(List<HostClient> hosts) {
        List<JobView> jobs = PsCommand.jobs(hosts, true);
        var table = new StringWriter();
        try (var out = new PrintWriter(table)) {
            JobTables.list(jobs, Instant.now()).print(out);
        }
        files.put("1-jobs.log", table.toString().getBytes(UTF_8));
        for (HostClient host : hosts) {
            jobs.stream()
                    .filter(job -> job.id().startsWith(host.hostId() + "-"))
                    .forEach(job -> job(host, job));
        }
    }

    private void job(HostClient host, JobView job) {
        var text = new StringWriter();
        try (var out = new PrintWriter(text)) {
            JobTables.one(job, scope.withEnv()).print(out);
            out.print(SEPARATOR);
            if (scope.withAppLogs() || job.metadata("flynn-system-app").equals("true")) {
                lines(host, job).forEach(out::print);
            } else {
                out.println("what this job wrote is left out; --include-logs adds it");
            }
        }
        files.put(name(job), (scope.withEnv() ? text.toString() : Secrets.redact(text.toString())).getBytes(UTF_8));
    }

    static String name(JobView job) {
        return Stream.of(job.metadata(JobSpec.META_APP_NAME), job.metadata(JobSpec.META_TYPE), job.id())
                        .filter(part -> !part.isEmpty())
                        .map(part -> part.replaceAll("[^A-Za-z0-9._-]", "_"))
                        .reduce((one, other) -> one + "-" + other)
                        .orElse("job")
                + ".log";
    }

    private Deque<String> lines(HostClient host, JobView job) {
        Deque<String> last = new ArrayDeque<>();
        try {
            LogCommand.read(host, job.id(), true, false, (stream, bytes) -> {
                last.add(new String(bytes, UTF_8));
                if (last.size() > scope.jobLines()) {
                    last.remove();
                }
            });
        } catch (IOException | FlynnException e) {
            last.add("cannot be read: " + e.getMessage() + "\n");
        }
        return last;
    }

    private String tailsOfAllLogs() {
        var all = new StringBuilder();
        try (Stream<Path> logs = Files.list(dataDirectory.resolve("log"))) {
            logs.sorted()
                    .forEach(log -> tail(log)
                            .ifPresent(text -> all.append("===> tail ")
                                    .append(log)
                                    .append('\n')
                                    .append(text)));
        } catch (IOException e) {
            say.accept("eror", "cannot read the logs: " + e.getMessage());
        }
        return Secrets.redact(all.toString());
    }

    private static java.util.Optional<String> tail(Path file) {
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(0, in.length() - MAX_LOG_BYTES);
            in.seek(from);
            byte[] bytes = new byte[(int) (in.length() - from)];
            in.readFully(bytes);
            return java.util.Optional.of(new String(bytes, UTF_8));
        } catch (IOException unreadable) {
            return java.util.Optional.empty();
        }
    }

    // the machine

    private String commands() {
        var all = new StringBuilder();
        for (List<String> command : COMMANDS) {
            try {
                String output = output(command);
                all.append("===> ")
                        .append(String.join(" ", command))
                        .append('\n')
                        .append(output)
                        .append('\n');
            } catch (IOException e) {
                say.accept("eror", "%s: %s".formatted(String.join(" ", command), e.getMessage()));
            }
        }
        all.append("===> flynn-host version\n").append(version).append('\n');
        return Secrets.redact(all.toString());
    }

    private static String output(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        try {
            var killer = process.onExit()
                    .orTimeout(COMMAND_SECONDS, TimeUnit.SECONDS)
                    .whenComplete((ended, late) -> {
                        if (late != null) {
                            process.destroyForcibly();
                        }
                    });
            byte[] bytes = process.getInputStream().readNBytes(MAX_COMMAND_BYTES);
            process.getInputStream().close();
            if (process.waitFor() != 0) {
                throw new IOException("ended with status " + process.exitValue());
            }
            killer.cancel(false);
            return new String(bytes, UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Writes an archive that only this user can read, in a new directory. */
    static Path write(Map<String, byte[]> files) throws IOException {
        Path directory = Files.createTempDirectory("flynn-host-debug");
        Path archive = directory.resolve("flynn-host-debug.tar.gz");
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarGz(bytes, Instant.now())) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                tar.add(file.getKey(), file.getValue());
            }
        }
        Files.createFile(archive, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = Files.newOutputStream(archive)) {
            bytes.writeTo(out);
        }
        return archive;
    }
}
