package dev.flynn.git;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds the services that a push needs. */
final class ClusterServices {

    private static final int PROBE_MILLIS = 1000;

    private final Discovery discovery;
    private final String address;
    private final String key;
    private final Optional<String> onBehalfOf;
    private final GitReceiveProgram.Connect connect;

    /**
     * @param address of this host
     * @param key of the cluster
     */
    ClusterServices(Discovery discovery, String address, String key, GitReceiveProgram.Connect connect) {
        this(discovery, address, key, Optional.empty(), connect);
    }

    private ClusterServices(
            Discovery discovery,
            String address,
            String key,
            Optional<String> onBehalfOf,
            GitReceiveProgram.Connect connect) {
        this.discovery = discovery;
        this.address = address;
        this.key = key;
        this.onBehalfOf = onBehalfOf;
        this.connect = connect;
    }

    /** The same, used for whoever has a key of that name. */
    ClusterServices onBehalfOf(String name) {
        return new ClusterServices(discovery, address, key, Optional.of(name), connect);
    }

    /** The caller closes it. */
    Controller controller() {
        return connect.open(url("controller"), key, onBehalfOf);
    }

    /** The controller as somebody else may use it; the caller closes it. */
    Controller controller(String otherKey) {
        return connect.open(url("controller"), otherKey, Optional.empty());
    }

    /** The base URL of an instance of a service that can be reached, of one that this host runs if there is such a one. */
    String url(String service) {
        List<Instance> instances = discovery.instances(service).stream()
                .sorted(Comparator.comparing(instance -> !instance.addr().startsWith(address + ":")))
                .toList();
        if (instances.isEmpty()) {
            throw FlynnException.unavailable("the service %s does not run now; try again".formatted(service), null);
        }
        Instance chosen = instances.size() == 1
                ? instances.get(0)
                : instances.stream()
                        .filter(ClusterServices::answers)
                        .findFirst()
                        .orElseThrow(() -> FlynnException.unavailable(
                                "no instance of the service %s can be reached now; try again".formatted(service),
                                null));
        return "http://" + chosen.addr();
    }

    /** A host that died is still listed for a while. */
    private static boolean answers(Instance instance) {
        int colon = instance.addr().lastIndexOf(':');
        try (var socket = new Socket()) {
            String host = instance.addr().substring(0, colon);
            int port = Integer.parseInt(instance.addr().substring(colon + 1));
            socket.connect(new InetSocketAddress(host, port), PROBE_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    Discovery discovery() {
        return discovery;
    }
}
