package dev.flynn.blobstore;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.JobId;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** Blobstores of several hosts in one process, with a store and discovery of their own. */
final class BlobCluster implements AutoCloseable {

    static final String KEY = "s3cret";

    /** Looks often, and forgets what nothing refers to after a while that a test can wait for. */
    static final Repair.Pace QUICK =
            new Repair.Pace(Duration.ofMillis(100), Duration.ofMillis(20), Duration.ofMillis(500), 1L << 30);

    /** So slow that it does nothing during a test. */
    static final Repair.Pace NEVER =
            new Repair.Pace(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1), 1L << 30);

    final MemoryClusterStore store = new MemoryClusterStore();
    final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    final Discovery discovery =
            StoreDiscovery.builder(store).ttl(Duration.ofHours(1)).build();

    private final Path directory;
    private final Map<String, BlobNode> nodes = new HashMap<>();
    private final Map<String, Instance> blobstores = new HashMap<>();
    private final Map<String, Instance> hosts = new HashMap<>();

    BlobCluster(Path directory) {
        this.directory = directory;
        discovery.createService(HttpPeers.SERVICE, LeaderType.OLDEST);
        discovery.createService(HostPresence.SERVICE, LeaderType.OLDEST);
    }

    /** Starts a host's blobstore, with the copies it had before. */
    BlobNode start(String host, Repair.Pace pace) {
        return start(host, pace, 0);
    }

    BlobNode start(String host, Repair.Pace pace, long reserveBytes) {
        try {
            int port = freePort();
            var settings = new BlobNode.Settings(host, "127.0.0.1", port, KEY, reserveBytes);
            BlobNode node = new BlobNode(directory(host), state, discovery, settings, pace);
            nodes.put(host, node);
            register(host, port);
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory(String host) {
        return directory.resolve(host);
    }

    private void register(String host, int port) {
        Instance blobstore = Instance.of(
                "http",
                "127.0.0.1:" + port,
                Map.of("FLYNN_JOB_ID", JobId.random(host).value()));
        Instance presence = HostPresence.instance(new Host(host, "http://" + host, Map.of()), host + ":1");
        blobstores.put(host, discovery.register(HttpPeers.SERVICE, blobstore));
        hosts.put(host, discovery.register(HostPresence.SERVICE, presence));
    }

    /** Ends a host's blobstore, and nobody knows yet. */
    void crash(String host) {
        nodes.remove(host).close();
    }

    /** Ends a host, and it is known. */
    void kill(String host) {
        crash(host);
        discovery.deregister(HttpPeers.SERVICE, blobstores.remove(host).id());
        discovery.deregister(HostPresence.SERVICE, hosts.remove(host).id());
    }

    BlobNode node(String host) {
        return nodes.get(host);
    }

    @Override
    public void close() {
        nodes.values().forEach(BlobNode::close);
        discovery.close();
        store.close();
    }

    /** Below those that the system gives to connections, so that none of them has it by the time it is used. */
    static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException taken) {
                // another one
            }
        }
    }
}
