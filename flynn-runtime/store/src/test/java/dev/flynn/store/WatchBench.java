package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How long it takes from the call of a durable put until the last of 1,000 watchers of that key has it; measured by {@code
 * script/bench store-watch}.
 *
 * <pre>
 * WatchBench ours DIRECTORY PUTS
 * WatchBench etcd PORT PUTS
 * </pre>
 */
final class WatchBench {

    private static final int WATCHERS = 1000;
    private static final int WARM_UP = 400;

    private WatchBench() {}

    public static void main(String[] arguments) throws Exception {
        int puts = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("ours")) {
            ours(Path.of(arguments[1]), puts);
        } else {
            etcd(Integer.parseInt(arguments[1]), puts);
        }
        System.exit(0);
    }

    private static void ours(Path directory, int puts) throws InterruptedException {
        var delivered = new Delivered();
        try (RatisClusterStore store = RatisClusterStore.builder(directory).build()) {
            for (int i = 0; i < WATCHERS; i++) {
                store.watch("bench/", 0, new StoreWatcher() {
                    @Override
                    public void onChange(StoreChange change) {
                        delivered.toOne();
                    }

                    @Override
                    public void onEnd(FlynnException reason) {}
                });
            }
            measure(
                    value -> store.commit(
                            Transaction.builder().put("bench/key", value).build()),
                    delivered,
                    puts);
        }
    }

    private static void etcd(int port, int puts) throws InterruptedException {
        var delivered = new Delivered();
        var ready = new CountDownLatch(WATCHERS);
        try (var etcd = new Etcd(port)) {
            etcd.watch("bench/key", WATCHERS, ready::countDown, delivered::toOne);
            if (!ready.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the watchers are not ready");
            }
            measure(value -> etcd.put("bench/key", value), delivered, puts);
        }
    }

    /** Counts the deliveries of one put after the other. */
    private static final class Delivered {

        private final Phaser phase = new Phaser(WATCHERS);

        void toOne() {
            int unusedPhase = phase.arrive();
        }

        void awaitAll(int put) throws Exception {
            int unusedPhase = phase.awaitAdvanceInterruptibly(put, 30, TimeUnit.SECONDS);
        }
    }

    private static void measure(Consumer<String> put, Delivered delivered, int puts) throws InterruptedException {
        String value = "v".repeat(256);
        long[] nanos = new long[puts];
        for (int i = -WARM_UP; i < puts; i++) {
            long begin = System.nanoTime();
            put.accept(value);
            try {
                delivered.awaitAll(i + WARM_UP);
            } catch (Exception e) {
                throw new IllegalStateException("a put was not delivered to all", e);
            }
            if (i >= 0) {
                nanos[i] = System.nanoTime() - begin;
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT, "p50-ms %.3f p99-ms %.3f%n", nanos[puts / 2] / 1e6, nanos[(int) (puts * 0.99)] / 1e6);
    }
}
