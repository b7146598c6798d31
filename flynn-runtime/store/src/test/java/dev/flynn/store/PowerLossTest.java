package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All replicas are killed at once, again and again, at random moments of their starts and of their work; and of what is left
 * any two of three must have everything that was ever acknowledged.
 *
 * <p>System properties: {@code flynn.powerloss.cycles} (4), {@code flynn.powerloss.lanes}, which is how many such stores there are
 * beside each other (1), {@code flynn.powerloss.seed} (random, and printed).
 */
class PowerLossTest {

    private static final int CYCLES = Integer.getInteger("flynn.powerloss.cycles", 4);
    private static final int LANES = Integer.getInteger("flynn.powerloss.lanes", 1);
    private static final long SEED = Long.getLong("flynn.powerloss.seed", System.nanoTime() & 0xffff_ffffL);

    private static final int LONGEST_LIFE_MILLIS = 600;
    private static final int LARGEST_VALUE = 20_000;

    /** More than this is deleted once it was found: the three stores of the process that is killed have 192 MB. */
    private static final int MOST_KEPT = 1000;

    private static final int BATCH = 100;

    private static final int CYCLES_TOLD = 50;
    private static final AtomicInteger CYCLES_DONE = new AtomicInteger();

    @TempDir
    Path directory;

    @Test
    void whatWasAcknowledgedIsOnAnyTwoOfThreeDisks() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(LANES);
        try {
            List<Future<Long>> lanes = new ArrayList<>();
            for (int i = 0; i < LANES; i++) {
                var lane = new Lane(Files.createDirectory(directory.resolve("lane-" + i)), SEED + i);
                int cycles = CYCLES / LANES + (i < CYCLES % LANES ? 1 : 0);
                lanes.add(threads.submit(() -> lane.run(cycles)));
            }
            long acknowledged = 0;
            for (Future<Long> lane : lanes) {
                acknowledged += lane.get();
            }
            System.out.printf(
                    "powerloss: %d times all of three killed, %d changes acknowledged, seed %d%n",
                    CYCLES, acknowledged, SEED);
            assertThat(acknowledged).isPositive();
        } finally {
            threads.shutdownNow();
        }
    }

    /** One store, of three replicas. */
    private static final class Lane {

        private final Path directory;
        private final long seed;
        private final Random random;

        /** The append's key to {@code name@revision}. */
        private final Map<String, String> acknowledged = new LinkedHashMap<>();

        private long forgotten;

        Lane(Path directory, long seed) {
            this.directory = directory;
            this.seed = seed;
            this.random = new Random(seed);
        }

        /** Returns how many changes were acknowledged. */
        long run(int cycles) throws Exception {
            begin();
            for (int cycle = 1; cycle <= cycles; cycle++) {
                boolean diesWhileStarting = random.nextInt(4) == 0;
                workUntilKilled(cycle, diesWhileStarting);
                check(cycle);
                tellProgress();
            }
            return forgotten + acknowledged.size();
        }

        private static void tellProgress() {
            int done = CYCLES_DONE.incrementAndGet();
            if (done % CYCLES_TOLD == 0) {
                System.out.printf("powerloss: %d of %d%n", done, CYCLES);
            }
        }

        /** A voter that has nothing yet elects nobody who has something (Ratis): so all of them get something first. */
        private void begin() {
            try (TestCluster cluster = TestCluster.of(directory, 3).startAll()) {
                cluster.leader().commit(Transaction.builder().put("first", "1").build());
                for (RatisClusterStore store : cluster.running()) {
                    await().until(() -> store.get("first", Consistency.STALE).isPresent());
                }
            }
        }

        private void workUntilKilled(int cycle, boolean diesWhileStarting) throws Exception {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx192m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            PowerLossTest.class.getName(),
                            directory.toString(),
                            Integer.toString(cycle))
                    .redirectError(errors().toFile())
                    .start();
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                if (!diesWhileStarting) {
                    String first = lines.readLine();
                    assertThat(first)
                            .as("cycle %d, seed %d: nothing was written; %s", cycle, seed, Files.readString(errors()))
                            .isNotNull();
                    remember(first);
                }
                int life = random.nextInt(diesWhileStarting ? 2 * LONGEST_LIFE_MILLIS : LONGEST_LIFE_MILLIS);
                var killer = new Thread(() -> kill(process, life), "killer");
                killer.start();
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    remember(line);
                }
                killer.join();
            } finally {
                process.toHandle().destroyForcibly();
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }

        private Path errors() {
            return directory.resolve("errors");
        }

        private static void kill(Process process, int millis) {
            try {
                if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                    process.toHandle().destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** A line that could be finished is an acknowledgement: {@code key name revision .}. */
        private void remember(String line) {
            String[] words = line.split(" ", -1);
            if (words.length == 4) {
                acknowledged.put(words[0], words[1] + "@" + words[2]);
            }
        }

        private void check(int cycle) throws IOException {
            String missing = "p" + (1 + random.nextInt(3));
            try (TestCluster cluster = TestCluster.of(directory, 3)) {
                for (String name : List.of("p1", "p2", "p3")) {
                    if (!name.equals(missing)) {
                        cluster.start(name);
                    }
                }
                Map<String, String> found = new LinkedHashMap<>();
                RatisClusterStore leader = cluster.leader();
                for (StoreEntry entry : leader.list("log/").entries()) {
                    found.put(entry.key(), nameIn(entry.value()) + "@" + entry.createRevision());
                }
                assertThat(found)
                        .as("acknowledged before death %d, without %s, seed %d", cycle, missing, seed)
                        .containsAllEntriesOf(acknowledged);
                if (found.size() > MOST_KEPT) {
                    delete(leader, List.copyOf(found.keySet()));
                    forgotten += acknowledged.size();
                    acknowledged.clear();
                }
            }
        }
    }

    private static void delete(RatisClusterStore store, List<String> keys) {
        for (int from = 0; from < keys.size(); from += BATCH) {
            var batch = Transaction.builder();
            keys.subList(from, Math.min(keys.size(), from + BATCH)).forEach(batch::delete);
            assertThat(store.commit(batch.build()).committed()).isTrue();
        }
    }

    /** The process that is killed. */
    public static void main(String[] arguments) {
        TestCluster cluster = TestCluster.of(Path.of(arguments[0]), 3)
                .with(builder -> builder.snapshotEvery(200))
                .startAll();
        for (RatisClusterStore store : cluster.running()) {
            new Thread(() -> write(store, arguments[1] + "-" + store.peer()), "writer").start();
        }
    }

    private static void write(RatisClusterStore store, String name) {
        for (int i = 1; ; i++) {
            String value = value(name + "-" + i);
            CommitResult result;
            try {
                result =
                        store.commit(Transaction.builder().append("log/", value).build());
            } catch (FlynnException e) {
                if (e.code() == ErrorCode.SERVICE_UNAVAILABLE) {
                    continue; // on a machine that is busy with others it takes a while until one leads
                }
                throw e;
            }
            print("%s %s %d .%n".formatted(result.appendedKeys().get(0), nameIn(value), result.revision()));
        }
    }

    private static String value(String name) {
        return name + " " + "x".repeat(Math.floorMod(name.hashCode() * 31, LARGEST_VALUE));
    }

    /** The name that a value begins with; the rest must be what belongs to that name. */
    private static String nameIn(String value) {
        String name = value.substring(0, value.indexOf(' '));
        assertThat(value).isEqualTo(value(name));
        return name;
    }

    private static void print(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        synchronized (System.out) {
            System.out.write(bytes, 0, bytes.length);
            System.out.flush();
        }
    }
}
