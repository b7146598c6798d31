package dev.flynn.bootstrap;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;

/** Where services answer: addresses of instances, and URLs whose host ends in {@code .discoverd}. */
final class Services {

    private static final String DOMAIN = ".discoverd";

    private final Discovery discovery;

    Services(Discovery discovery) {
        this.discovery = discovery;
    }

    /** The oldest instance of a service, as soon as there is one. */
    Optional<Instance> await(String service, Deadline deadline) throws InterruptedException {
        Optional<Instance> first = first(service);
        if (first.isPresent()) {
            return first;
        }
        var signal = new Signal();
        try (Subscription watch = discovery.watch(service, (DiscoveryEvent event) -> signal.run())) {
            return signal.await(() -> first(service), deadline);
        }
    }

    /**
     * Where to connect to for a URL. The host of a service without a port becomes its oldest instance, waited for if need
     * be.
     */
    Optional<InetSocketAddress> await(URI url, Deadline deadline) throws InterruptedException {
        String host = url.getHost();
        if (host.endsWith(DOMAIN) && url.getPort() < 0) {
            String service = host.substring(0, host.indexOf('.'));
            return await(service, deadline).map(instance -> new InetSocketAddress(instance.host(), instance.port()));
        }
        return Optional.of(new InetSocketAddress(host, url.getPort() < 0 ? 80 : url.getPort()));
    }

    private Optional<Instance> first(String service) {
        return discovery.instances(service).stream().findFirst();
    }
}
