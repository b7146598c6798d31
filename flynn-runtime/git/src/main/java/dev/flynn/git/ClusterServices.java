package dev.flynn.git;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import java.util.List;
import java.util.function.Function;

/** Finds the services that a push needs. */
final class ClusterServices {

    private final Discovery discovery;
    private final Function<String, Controller> connect;

    /** @param connect opens the controller at a URL */
    ClusterServices(Discovery discovery, Function<String, Controller> connect) {
        this.discovery = discovery;
        this.connect = connect;
    }

    /** The caller closes it. */
    Controller controller() {
        return connect.apply(url("controller"));
    }

    /** The base URL of a service. */
    String url(String service) {
        List<Instance> instances = discovery.instances(service);
        if (instances.isEmpty()) {
            throw FlynnException.unavailable("the service %s does not run now; try again".formatted(service), null);
        }
        return "http://" + instances.get(0).addr();
    }

    Discovery discovery() {
        return discovery;
    }
}
