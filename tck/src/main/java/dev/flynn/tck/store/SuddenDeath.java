package dev.flynn.tck.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.ClusterStoreFactory;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Kills a process that writes, at random moments, several times, and looks whether everything that it was told to be
 * committed is there.
 *
 * <p>System properties: {@code flynn.tck.kills} how often (4), {@code flynn.tck.seed} which moments (random, and printed).
 */
final class SuddenDeath {

    private static final int WRITERS = 3;
    private static final int LONGEST_LIFE_MILLIS = 400;
    private static final int LARGEST_VALUE = 50_000;

    /** More than this is deleted once it was found: the process that is killed has 128 MB. */
    private static final int MOST_KEPT = 500;

    private static final int BATCH = 100;

    private final String factory;
    private final Path directory;
    private final Supplier<ClusterStore> store;
    private final long seed = Long.getLong("flynn.tck.seed", System.nanoTime());
    private final Random random = new Random(seed);

    /** What was acknowledged: the append's key to {@code value@revision}. */
    private final Map<String, String> acknowledged = new LinkedHashMap<>();

    private long forgotten;

    /** The store's revision when nothing was left. */
    private long empty;

    SuddenDeath(String factory, Path directory, Supplier<ClusterStore> store) {
        this.factory = factory;
        this.directory = directory;
        this.store = store;
    }

    void run() throws Exception {
        int kills = Integer.getInteger("flynn.tck.kills", 4);
        for (int round = 1; round <= kills; round++) {
            int before = acknowledged.size();
            writeUntilKilled(round);
            assertThat(acknowledged.size())
                    .as("the process wrote something in round %d", round)
                    .isGreaterThan(before);
            check(round);
        }
        System.out.printf(
                "CS-9: %d processes killed, %d transactions acknowledged, seed %d%n",
                kills, forgotten + acknowledged.size(), seed);
    }

    private void writeUntilKilled(int round) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SuddenDeath.class.getName(),
                        factory,
                        directory.toString(),
                        Integer.toString(round))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            remember(lines.readLine());
            Thread killer = new Thread(() -> kill(process, random.nextInt(LONGEST_LIFE_MILLIS)), "killer");
            killer.start();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                remember(line);
            }
            killer.join();
        } finally {
            process.destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** SIGKILL, once so much of its life has passed; what it has printed can still be read. */
    private static void kill(Process process, int millis) {
        try {
            if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                process.toHandle().destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A line that the process could finish is an acknowledgement: {@code key value revision .}. */
    private void remember(String line) {
        assertThat(line)
                .as("the process with the store \"%s\" on %s said nothing", factory, directory)
                .isNotNull();
        String[] words = line.split(" ", -1);
        if (words.length == 4) {
            acknowledged.put(words[0], words[1] + "@" + words[2]);
        }
    }

    private void check(int round) {
        try (ClusterStore opened = store.get()) {
            Map<String, String> found = new LinkedHashMap<>();
            for (StoreEntry entry : opened.list("log/").entries()) {
                found.put(entry.key(), nameIn(entry.value()) + "@" + entry.createRevision());
            }
            assertThat(found)
                    .as("what was acknowledged before death %d, seed %d", round, seed)
                    .containsAllEntriesOf(acknowledged);
            assertThat(opened.get("last").orElseThrow().modRevision())
                    .as("one revision per transaction")
                    .isEqualTo(empty + found.size());
            if (found.size() > MOST_KEPT) {
                delete(opened, List.copyOf(found.keySet()));
                empty = opened.list("log/").revision();
                forgotten += acknowledged.size();
                acknowledged.clear();
            }
        }
    }

    private static void delete(ClusterStore store, List<String> keys) {
        for (int from = 0; from < keys.size(); from += BATCH) {
            Transaction.Builder batch = Transaction.builder();
            keys.subList(from, Math.min(keys.size(), from + BATCH)).forEach(batch::delete);
            assertThat(store.commit(batch.build()).committed()).isTrue();
        }
    }

    /** The process that is killed: writes with several threads and prints each acknowledgement. */
    public static void main(String[] arguments) {
        ClusterStoreFactory factory = ServiceLoader.load(ClusterStoreFactory.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(found -> found.name().equals(arguments[0]))
                .findFirst()
                .orElseThrow();
        ClusterStore store =
                factory.create(Map.of(), new ComponentContext("tck", Path.of(arguments[1]), Clock.systemUTC()));
        for (int writer = 1; writer <= WRITERS; writer++) {
            String name = arguments[2] + "-" + writer;
            new Thread(() -> write(store, name), "writer-" + name).start();
        }
    }

    private static void write(ClusterStore store, String name) {
        for (int i = 1; ; i++) {
            String value = value(name + "-" + i);
            CommitResult result = store.commit(Transaction.builder()
                    .append("log/", value)
                    .put("last", value)
                    .build());
            print("%s %s %d .%n".formatted(result.appendedKeys().get(0), nameIn(value), result.revision()));
        }
    }

    /** Values of very different sizes, so that some deaths fall into the middle of a write. */
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
            try {
                System.out.write(bytes);
                System.out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
