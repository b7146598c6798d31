package dev.flynn.store;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Three replicas for a measurement: the first in this process, the others in processes of their own with its settings. */
final class BenchPeers implements AutoCloseable {

    private static final int PEERS = 3;

    private final Path directory;
    private final UUID cluster = UUID.randomUUID();
    private final List<StorePeer> founders = new ArrayList<>();
    private final Map<String, Process> others = new HashMap<>();
    private final RatisClusterStore store;

    BenchPeers(Path directory) throws IOException {
        this.directory = directory;
        for (int i = 1; i <= PEERS; i++) {
            founders.add(new StorePeer("p" + i, "localhost:" + freePort()));
        }
        for (int i = 2; i <= PEERS; i++) {
            start("p" + i);
        }
        store = open(directory, cluster, founders, 1);
    }

    RatisClusterStore store() {
        return store;
    }

    /** Has the peer of this process lead. */
    void awaitLead() throws InterruptedException {
        while (!store.isLeader()) {
            String leader = store.leader().orElse("p2");
            if (!leader.equals(store.peer())) {
                store.demote(leader);
                store.promote(leader);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Has another peer lead, and tells which. */
    String awaitLeadElsewhere() throws InterruptedException {
        while (true) {
            String leader = store.leader().orElse(store.peer());
            if (!leader.equals(store.peer())) {
                return leader;
            }
            if (store.isLeader()) {
                store.handOver("p2");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    void kill(String peer) throws InterruptedException {
        others.remove(peer).destroyForcibly().waitFor();
    }

    void start(String peer) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-X"))
                .forEach(command::add);
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                BenchPeers.class.getName(),
                directory.toString(),
                cluster.toString(),
                peer.substring(1)));
        founders.forEach(founder -> command.add(founder.address()));
        others.put(
                peer,
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
    }

    @Override
    public void close() {
        store.close();
        others.values().forEach(Process::destroyForcibly);
    }

    /** One peer, until its standard input ends, as it does when the process that started it is gone. */
    public static void main(String[] arguments) throws IOException {
        List<StorePeer> founders = new ArrayList<>();
        for (int i = 3; i < arguments.length; i++) {
            founders.add(new StorePeer("p" + (i - 2), arguments[i]));
        }
        try (RatisClusterStore store =
                open(Path.of(arguments[0]), UUID.fromString(arguments[1]), founders, Integer.parseInt(arguments[2]))) {
            System.in.transferTo(OutputStream.nullOutputStream());
        }
        System.exit(0);
    }

    private static RatisClusterStore open(Path directory, UUID cluster, List<StorePeer> founders, int number)
            throws IOException {
        StorePeer self = founders.get(number - 1);
        int port = Integer.parseInt(self.address().substring(self.address().indexOf(':') + 1));
        return RatisClusterStore.builder(directory.resolve(self.id()))
                .cluster(cluster)
                .peer(self, new SocketTransport(self.id(), port))
                .found(founders)
                .build();
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
