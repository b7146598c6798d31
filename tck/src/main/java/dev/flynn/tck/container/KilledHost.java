package dev.flynn.tck.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Kills a process that starts jobs through a backend, at random moments, several times, and looks each time whether every
 * job that it accepted is known, ran once, ended as it says it did, and whose output came whole.
 *
 * <p>System properties: {@code flynn.tck.kills} how often (4), {@code flynn.tck.seed} which moments (random, and printed).
 */
final class KilledHost {

    private static final int LONGEST_LIFE_MILLIS = 1500;
    private static final int EXIT_STATUS = 7;
    private static final int LINES = 30;

    private final Class<?> kit;
    private final Path directory;
    private final Map<String, String> properties;
    private final Duration patience;
    private final Supplier<ContainerBackend> reopened;
    private final long seed = Long.getLong("flynn.tck.seed", System.nanoTime());
    private final Random random = new Random(seed);

    KilledHost(
            Class<?> kit,
            Path directory,
            Map<String, String> properties,
            Duration patience,
            Supplier<ContainerBackend> reopened) {
        this.kit = kit;
        this.directory = directory;
        this.properties = properties;
        this.patience = patience;
        this.reopened = reopened;
    }

    void run() throws Exception {
        int kills = Integer.getInteger("flynn.tck.kills", 4);
        int accepted = 0;
        for (int round = 1; round <= kills; round++) {
            Path told = directory.resolve("told-" + round);
            Set<JobId> jobs = startUntilKilled(told);
            check(jobs, told);
            accepted += jobs.size();
            Files.deleteIfExists(told);
        }
        System.out.printf("CB-18: %d processes killed, %d jobs accepted, seed %d%n", kills, accepted, seed);
    }

    private Set<JobId> startUntilKilled(Path told) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m"));
        properties.forEach((key, value) -> line.add("-D" + key + "=" + value));
        line.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                KilledHost.class.getName(),
                kit.getName(),
                directory.toString(),
                told.toString()));
        Process process = new ProcessBuilder(line)
                .redirectError(directory.resolve("killed.log").toFile())
                .start();
        Set<JobId> accepted = new LinkedHashSet<>();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine())
                    .as(
                            "the first line of the process that is to be killed; see killed.log: %s",
                            Files.readString(directory.resolve("killed.log")))
                    .isEqualTo("open");
            Thread killer = new Thread(() -> kill(process, random.nextInt(LONGEST_LIFE_MILLIS)), "killer");
            killer.start();
            for (String id = lines.readLine(); id != null; id = lines.readLine()) {
                accepted.add(new JobId(id));
            }
            killer.join();
        } finally {
            process.destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        return accepted;
    }

    private static void kill(Process process, int afterMillis) {
        try {
            TimeUnit.MILLISECONDS.sleep(afterMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.toHandle().destroyForcibly(); // the process itself would close the pipe that is still read
    }

    private void check(Set<JobId> jobs, Path told) throws IOException {
        var seen = new RecordingListener();
        try (ContainerBackend backend = reopened.get()) {
            var unused = backend.watch(seen);
            for (JobId job : jobs) {
                await("job %s, accepted before the kill with seed %d, is down".formatted(job, seed))
                        .atMost(patience)
                        .untilAsserted(() -> assertThat(backend.status(job).map(JobStatus::state))
                                .contains(JobStatus.State.DOWN));
                JobStatus ended = backend.status(job).orElseThrow();
                assertThat(ended.error()).as("seed %d", seed).isEmpty();
                assertThat(ended.exitStatus()).as("seed %d", seed).isEqualTo(OptionalInt.of(EXIT_STATUS));
                await().atMost(patience).untilAsserted(() -> assertOutput(job, toldOf(job, told), seen));
            }
            for (JobStatus job : backend.jobs()) {
                await().atMost(patience)
                        .until(() ->
                                backend.status(job.id()).map(JobStatus::isDown).orElse(true));
                backend.forget(job.id());
            }
        }
    }

    /** What was told just before the kill may be told again, but nothing is missing and nothing ran twice. */
    private void assertOutput(JobId job, String before, RecordingListener after) {
        List<String> lines =
                (before + after.text(job, OutputStreamKind.STDOUT)).lines().toList();
        assertThat(lines.stream().filter(line -> line.startsWith("begun ")).distinct())
                .as("how often %s began, seed %d", job, seed)
                .hasSize(1);
        for (int i = 1; i <= LINES; i++) {
            assertThat(lines).as("output of %s, seed %d", job, seed).contains("line " + i);
        }
    }

    private static String toldOf(JobId job, Path told) throws IOException {
        Path file = Path.of(told + "-" + job.value());
        return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
    }

    /** Starts jobs until it is killed, writes the id of each once it was accepted, and keeps what it is told. */
    public static void main(String[] arguments) throws Exception {
        Constructor<?> constructor =
                Class.forName(arguments[0]).asSubclass(ContainerKit.class).getDeclaredConstructor();
        constructor.setAccessible(true);
        var kit = (ContainerKit) constructor.newInstance();
        kit.dataDirectory = Path.of(arguments[1]);
        Path told = Path.of(arguments[2]);
        ContainerBackend backend = kit.openBackend(kit.dataDirectory);
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                // the next one looks at that
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                keep(Path.of(told + "-" + job.value()), bytes);
            }
        });
        System.out.println("open");
        while (true) {
            JobSpec spec = kit.shell("echo begun $(cat /proc/sys/kernel/random/uuid); i=1; while [ $i -le " + LINES
                    + " ]; do echo line $i; i=$((i+1)); sleep 0.02; done; exit " + EXIT_STATUS);
            backend.start(spec);
            System.out.println(spec.id().value());
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static void keep(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(Arrays.toString(bytes), e);
        }
    }
}
