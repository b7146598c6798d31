package dev.flynn.identity;

import dev.flynn.spi.component.Subscription;
import dev.flynn.state.TableView;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys of hosts that were removed from the cluster: nobody accepts their certificates. Known at once from this host's own
 * copy, and then from the store. Thread-safe.
 */
public final class RemovedHosts {

    private static final Logger log = LoggerFactory.getLogger(RemovedHosts.class);

    private final IdentityFiles files;
    private volatile Set<String> keys;

    public RemovedHosts(IdentityFiles files) {
        this.files = files;
        this.keys = Set.copyOf(files.loadRemoved());
    }

    /**
     * Follows the store until the subscription is closed.
     *
     * @param onChange called after each change, on a thread of the store
     */
    public Subscription follow(ClusterMembers members, Runnable onChange) {
        var view = new AtomicReference<TableView<RemovedHost>>();
        Runnable refresh = () -> {
            TableView<RemovedHost> open = view.get();
            if (open != null) {
                refresh(open);
                onChange.run();
            }
        };
        TableView<RemovedHost> open = members.removedHosts(refresh);
        view.set(open);
        refresh.run();
        return open::close;
    }

    private synchronized void refresh(TableView<RemovedHost> view) {
        List<String> now = view.records().values().stream()
                .flatMap(record -> record.value().keys().stream())
                .sorted()
                .toList();
        if (keys.equals(Set.copyOf(now))) {
            return;
        }
        keys = Set.copyOf(now);
        try {
            files.saveRemoved(now);
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("cannot keep the list of removed hosts; it is read from the store again");
        }
    }

    boolean contains(String key) {
        return keys.contains(key);
    }
}
