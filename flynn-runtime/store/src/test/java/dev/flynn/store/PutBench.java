package dev.flynn.store;

import dev.flynn.spi.store.Transaction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Durable puts of 256 bytes a second, and how long one takes; measured by {@code script/bench store-put}.
 *
 * <pre>
 * PutBench ours 1|3 DIRECTORY    one replica in this process, or three in one each, the writers in the leader's
 * PutBench etcd PORT             the same load over gRPC
 * </pre>
 *
 * Each line of the standard input, {@code WRITERS SECONDS}, has so many writers put for so long, which is told in a line; so two
 * of these can be measured in turn.
 */
final class PutBench {

    private static final int VALUE_BYTES = 256;
    private static final int KEYS = 10_000;

    private PutBench() {}

    private interface Put {
        void put(String key, String value);
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "ours" -> ours(Integer.parseInt(arguments[1]), Path.of(arguments[2]));
            case "etcd" -> etcd(Integer.parseInt(arguments[1]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0);
    }

    // ---- ours

    private static void ours(int peers, Path directory) throws Exception {
        if (peers == 1) {
            try (RatisClusterStore store = RatisClusterStore.builder(directory).build()) {
                measure((key, value) -> put(store, key, value));
            }
            return;
        }
        try (var cluster = new BenchPeers(directory)) {
            RatisClusterStore store = cluster.store();
            put(store, "first", "1");
            cluster.awaitLead();
            measure((key, value) -> put(store, key, value));
        }
    }

    private static void put(RatisClusterStore store, String key, String value) {
        store.commit(Transaction.builder().put(key, value).build());
    }

    // ---- etcd

    private static void etcd(int port) throws Exception {
        try (var etcd = new Etcd(port)) {
            measure(etcd::put);
        }
    }

    // ---- the load

    private static void measure(Put put) throws InterruptedException {
        var in = new Scanner(System.in, StandardCharsets.UTF_8);
        while (in.hasNext()) {
            int writers = in.nextInt();
            int seconds = in.nextInt();
            long[] nanos = run(put, writers, seconds);
            Arrays.sort(nanos);
            System.out.printf(
                    Locale.ROOT,
                    "puts/s %.0f p50-ms %.3f p99-ms %.3f%n",
                    (double) nanos.length / seconds,
                    nanos[nanos.length / 2] / 1e6,
                    nanos[(int) (nanos.length * 0.99)] / 1e6);
        }
    }

    /** How long each put took. */
    private static long[] run(Put put, int writers, int seconds) throws InterruptedException {
        String value = "v".repeat(VALUE_BYTES);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        List<Thread> threads = new ArrayList<>();
        long[][] taken = new long[writers][];
        for (int i = 0; i < writers; i++) {
            int writer = i;
            var thread = new Thread(() -> taken[writer] = write(put, value, end));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return Arrays.stream(taken).flatMapToLong(Arrays::stream).toArray();
    }

    private static long[] write(Put put, String value, long end) {
        LongStream.Builder taken = LongStream.builder();
        for (long begin = System.nanoTime(); begin < end; begin = System.nanoTime()) {
            put.put("bench/%08d".formatted(ThreadLocalRandom.current().nextInt(KEYS)), value);
            taken.add(System.nanoTime() - begin);
        }
        return taken.build().toArray();
    }
}
