package dev.flynn.store;

import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How long nobody can write after the leader of three was killed: from {@code kill -9} to the next put that is acknowledged, by
 * somebody who puts all the time. Measured by {@code script/bench failover}.
 *
 * <pre>
 * FailoverBench ours DIRECTORY ROUNDS    who puts is the process of a replica that lives, as on every host
 * FailoverBench etcd DIRECTORY ROUNDS    who puts asks the members that live in turn
 * </pre>
 */
final class FailoverBench {

    private static final int SETTLE_SECONDS = 5;

    private FailoverBench() {}

    /** A put that may fail. */
    private interface Attempt {
        void put() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("ours")) {
            ours(directory, rounds);
        } else {
            etcd(directory, rounds);
        }
        System.exit(0);
    }

    private static void ours(Path directory, int rounds) throws Exception {
        try (var cluster = new BenchPeers(directory)) {
            RatisClusterStore store = cluster.store();
            Transaction first = Transaction.builder().put("first", "1").build();
            store.commit(first);
            try (var writer = new Writer(() ->
                    store.commit(Transaction.builder().put("bench/key", "v").build()))) {
                for (int round = 0; round < rounds; round++) {
                    String leader = cluster.awaitLeadElsewhere();
                    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
                    leader = cluster.awaitLeadElsewhere();
                    long killed = System.nanoTime();
                    cluster.kill(leader);
                    print(writer.firstBegunAfter(killed));
                    cluster.start(leader);
                }
            }
        }
    }

    private static void print(double millis) {
        System.out.printf(Locale.ROOT, "%.0f%n", millis);
    }

    /** Puts all the time, until it is closed. */
    private static final class Writer implements AutoCloseable {

        private record Put(long begun, long ended) {}

        private final AtomicReference<Put> last = new AtomicReference<>(new Put(0, 0));
        private final AtomicBoolean ended = new AtomicBoolean();
        private final Thread thread;

        Writer(Attempt attempt) {
            thread = new Thread(() -> {
                while (!ended.get()) {
                    long begin = System.nanoTime();
                    while (!ended.get()) {
                        try {
                            attempt.put();
                            break;
                        } catch (Exception again) {
                            // until it works
                        }
                    }
                    last.set(new Put(begin, System.nanoTime()));
                }
            });
            thread.start();
        }

        /** When the first put that was begun after this time had succeeded, in milliseconds after it. */
        double firstBegunAfter(long time) throws InterruptedException {
            while (last.get().begun() - time < 0) {
                TimeUnit.MICROSECONDS.sleep(200);
            }
            return (last.get().ended() - time) / 1e6;
        }

        @Override
        public void close() throws InterruptedException {
            ended.set(true);
            thread.join();
        }
    }

    // ---- etcd

    private static void etcd(Path directory, int rounds) throws Exception {
        List<Integer> clientPorts = new ArrayList<>();
        List<Integer> peerPorts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            clientPorts.add(BenchPeers.freePort());
            peerPorts.add(BenchPeers.freePort());
        }
        List<Process> members = new ArrayList<>();
        List<Etcd> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                members.add(startMember(directory, clientPorts, peerPorts, i));
                clients.add(new Etcd(clientPorts.get(i)));
            }
            var turn = new AtomicReference<>(0);
            try (var writer = new Writer(() -> {
                int member = turn.get();
                try {
                    clients.get(member).tryPut("bench/key", "v");
                } catch (RuntimeException e) {
                    turn.compareAndSet(member, (member + 1) % 3);
                    throw e;
                }
            })) {
                for (int round = 0; round < rounds; round++) {
                    int leader = awaitLeader(clients);
                    turn.set((leader + 1) % 3);
                    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
                    leader = awaitLeader(clients);
                    turn.set((leader + 1) % 3);
                    TimeUnit.MILLISECONDS.sleep(100);
                    long killed = System.nanoTime();
                    members.get(leader).destroyForcibly().waitFor();
                    print(writer.firstBegunAfter(killed));
                    members.set(leader, startMember(directory, clientPorts, peerPorts, leader));
                }
            }
        } finally {
            members.forEach(Process::destroyForcibly);
            clients.forEach(Etcd::close);
        }
    }

    private static int awaitLeader(List<Etcd> clients) throws InterruptedException {
        while (true) {
            for (int i = 0; i < clients.size(); i++) {
                try {
                    if (clients.get(i).isLeader()) {
                        return i;
                    }
                } catch (RuntimeException notYet) {
                    // asked again
                }
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static Process startMember(Path directory, List<Integer> clientPorts, List<Integer> peerPorts, int number)
            throws IOException {
        List<String> cluster = new ArrayList<>();
        for (int i = 0; i < peerPorts.size(); i++) {
            cluster.add("m" + i + "=http://127.0.0.1:" + peerPorts.get(i));
        }
        String client = "http://127.0.0.1:" + clientPorts.get(number);
        String peer = "http://127.0.0.1:" + peerPorts.get(number);
        Files.createDirectories(directory);
        return new ProcessBuilder(
                        "etcd",
                        "--name=m" + number,
                        "--data-dir=" + directory.resolve("m" + number),
                        "--initial-cluster=" + String.join(",", cluster),
                        "--log-level=error",
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("m" + number + ".log").toFile())
                .start();
    }
}
