package dev.flynn.controller.http;

import dev.flynn.api.host.Host;
import dev.flynn.state.ClusterState;
import dev.flynn.state.TableView;
import java.net.URI;
import java.util.Optional;

/** Where requests come from. */
final class Addresses implements AutoCloseable {

    private static final int MAX_LENGTH = 45;

    private final TableView<Host> hosts;

    Addresses(ClusterState state) {
        this.hosts = state.hosts().view(() -> {});
    }

    /** The address of a client; only routers, which run on hosts of the cluster, are believed when they say it. */
    String of(RequestHead request) {
        String remote = request.remote();
        Optional<String> forwarded = request.header("X-Forwarded-For");
        if (forwarded.isEmpty() || !isOfCluster(remote)) {
            return remote;
        }
        String all = forwarded.get();
        String last = all.substring(all.lastIndexOf(',') + 1).strip();
        return last.isEmpty() || last.length() > MAX_LENGTH ? remote : last;
    }

    private boolean isOfCluster(String remote) {
        return remote.equals("127.0.0.1")
                || remote.equals("0:0:0:0:0:0:0:1")
                || hosts.records().values().stream()
                        .anyMatch(host ->
                                remote.equals(URI.create(host.value().url()).getHost()));
    }

    @Override
    public void close() {
        hosts.close();
    }
}
