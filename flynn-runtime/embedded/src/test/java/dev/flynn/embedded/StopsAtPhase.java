package dev.flynn.embedded;

import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A store through which a deployment comes as far as one of some phases, which is durable then, and no further. */
final class StopsAtPhase implements ClusterStore {

    private static final Pattern PHASE = Pattern.compile("\"phase\":\"([A-Z_]+)\"");

    private final ClusterStore store;
    private final Set<String> phases;

    StopsAtPhase(ClusterStore store, Set<String> phases) {
        this.store = store;
        this.phases = phases;
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        CommitResult result = store.commit(transaction);
        Optional<String> phase = phase(transaction).filter(phases::contains);
        if (result.committed() && phase.isPresent()) {
            System.out.println(DeployingProgram.REACHED + phase.get());
            waitToBeKilled();
        }
        return result;
    }

    private static Optional<String> phase(Transaction transaction) {
        for (Transaction.Operation operation : transaction.operations()) {
            if (operation instanceof Transaction.Operation.Put put && put.key().startsWith("deployment-runs/")) {
                Matcher phase = PHASE.matcher(put.value());
                return phase.find() ? Optional.of(phase.group(1)) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static void waitToBeKilled() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("it was to be killed", e);
        }
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        return store.get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        return store.list(prefix, consistency);
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return store.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        store.close();
    }
}
