package dev.flynn.acme;

import dev.flynn.api.route.Route;
import dev.flynn.state.ClusterState;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import java.util.Set;
import java.util.function.Supplier;

/** The domains of those of a cluster's routes that ask for a certificate. Thread-safe. */
final class RouteDomains implements Supplier<Set<String>>, AutoCloseable {

    private final TableView<Route> routes;
    private volatile Runnable onChange = () -> {};

    RouteDomains(ClusterState cluster) {
        this.routes = cluster.routes().view(() -> onChange.run());
    }

    /** Called after each change from now on, on a thread of the store. */
    void onChange(Runnable listener) {
        onChange = listener;
    }

    @Override
    public Set<String> get() {
        return AcmeState.wanted(
                routes.records().values().stream().map(Versioned::value).toList());
    }

    @Override
    public void close() {
        routes.close();
    }
}
