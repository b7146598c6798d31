package dev.flynn.git;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.client.ControllerClient;
import dev.flynn.spi.discovery.Discovery;
import java.util.List;

/** Finds the services that a push needs. */
final class ClusterServices {

    private final Discovery discovery;
    private final String key;

    ClusterServices(Discovery discovery, String key) {
        this.discovery = discovery;
        this.key = key;
    }

    /** The caller closes it. */
    ControllerClient controller() {
        return ControllerClient.builder(url("controller")).key(key).build();
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
