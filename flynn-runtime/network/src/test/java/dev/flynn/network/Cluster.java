package dev.flynn.network;

import dev.flynn.base.Closer;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Hosts on one wire, each a machine of its own, beside one that knows nothing of their network. */
final class Cluster implements AutoCloseable {

    static final String OUTSIDE = "10.78.0.99";

    private final Path directory;
    private final OverlayConfig overlay;
    private final Closer closer = new Closer();
    private final Machine wire;
    private final Machine outside;
    private final Map<Integer, Machine> machines = new HashMap<>();
    private final Map<Integer, ClusterNetwork> networks = new HashMap<>();

    final ClusterState state;

    Cluster(Path directory, OverlayConfig overlay) throws IOException {
        this.directory = directory;
        this.overlay = overlay;
        this.state = new ClusterState(closer.register(new MemoryClusterStore()), new FlynnJson(), Clock.systemUTC());
        try {
            wire = closer.register(Machine.create());
            wire.sh("ip link add br0 type bridge; ip link set br0 up");
            outside = connect(99);
        } catch (IOException | RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    /** A machine 10.78.0.{@code number} on the wire. */
    private Machine connect(int number) throws IOException {
        Machine machine = closer.register(Machine.create());
        wire.sh("ip link add port%1$d type veth peer name eth0 netns %2$s; ip link set port%1$d master br0 up"
                .formatted(number, machine.name()));
        machine.sh("ip address add 10.78.0.%d/24 dev eth0; ip link set eth0 up".formatted(number));
        return machine;
    }

    static String publicIp(int number) {
        return "10.78.0." + number;
    }

    /** The machine of a host that has never run. */
    Machine create(int number) throws IOException {
        if (!machines.containsKey(number)) {
            machines.put(number, connect(number));
        }
        return machine(number);
    }

    /** Starts a host, or starts it again. */
    ClusterNetwork start(int number) throws IOException {
        return start(number, number);
    }

    /** Starts a host on the machine of another. */
    ClusterNetwork start(int number, int machine) throws IOException {
        create(machine);
        ClusterNetwork network = ClusterNetwork.open(
                state,
                ClusterNetworkConfig.builder("host" + number, publicIp(number), directory.resolve("host" + number))
                        .namespace(machine(machine).namespace())
                        .overlay(overlay)
                        .spares(1)
                        .checkEvery(Duration.ofMinutes(10))
                        .build());
        networks.put(number, network);
        return network;
    }

    Machine machine(int number) {
        return machines.get(number);
    }

    Machine outside() {
        return outside;
    }

    void remove(int number) throws IOException {
        networks.remove(number).remove();
    }

    @Override
    public void close() throws IOException {
        try (closer) {
            List<IOException> failures = new ArrayList<>();
            for (ClusterNetwork network : networks.values()) {
                try {
                    network.remove();
                } catch (IOException e) {
                    failures.add(e);
                }
            }
            if (!failures.isEmpty()) {
                throw failures.get(0);
            }
        }
    }
}
