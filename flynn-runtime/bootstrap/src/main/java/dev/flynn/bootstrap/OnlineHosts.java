package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.host.Host;
import dev.flynn.state.TableView;
import java.util.List;
import java.util.Optional;

/** {@code check} and {@code wait-hosts}: waits until enough hosts have announced themselves. */
final class OnlineHosts implements Action {

    static final String NAME = "check";
    static final String WAIT_HOSTS = "wait-hosts";

    private final Cluster cluster;

    OnlineHosts(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        Cluster.Hosts wanted = cluster.hosts();
        var signal = new Signal();
        try (TableView<Host> hosts = cluster.state().hosts().view(signal)) {
            List<Host> online = signal.await(
                            () -> Optional.of(hosts(hosts)).filter(found -> found.size() >= wanted.atLeast()),
                            Deadline.in(wanted.patience()))
                    .orElseThrow(() -> new GaveUp("timed out waiting for %d hosts to come online (currently %d online)"
                            .formatted(wanted.atLeast(), hosts(hosts).size())));
            wanted.whenOnline().accept(online);
            ObjectNode result = JsonNodeFactory.instance.objectNode();
            online.forEach(host -> result.withArray("hosts").add(cluster.json().toTree(host)));
            return result;
        }
    }

    private static List<Host> hosts(TableView<Host> view) {
        return view.records().values().stream().map(record -> record.value()).toList();
    }

    @Override
    public boolean lasts() {
        return false;
    }
}
