package dev.flynn.git;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** Finds the services that a push needs. */
final class ClusterServices {

    private static final int PROBE_MILLIS = 1000;

    private final Discovery discovery;
    private final String address;
    private final Function<String, Controller> connect;

    /**
     * @param address of this host
     * @param connect opens the controller at a URL
     */
    ClusterServices(Discovery discovery, String address, Function<String, Controller> connect) {
        this.discovery = discovery;
        this.address = address;
        this.connect = connect;
    }

    /** The caller closes it. */
    Controller controller() {
        return connect.apply(url("controller"));
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
