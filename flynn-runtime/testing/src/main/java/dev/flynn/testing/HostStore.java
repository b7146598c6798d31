package dev.flynn.testing;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The cluster store as one host has it: behind the host's gate, over wires that take their time.
 *
 * <p>While the host is cut off, nothing is written and nothing read but what is stale; what happens meanwhile is told later,
 * in order.
 */
final class HostStore implements ClusterStore {

    private final ClusterStore store;
    private final Gate gate;
    private final Wires wires;
    private final Deliveries deliveries;

    /** What stale reads see while the host is cut off; empty if the store has a replica that knows it itself. */
    private final AtomicReference<@Nullable StoreSnapshot> frozen = new AtomicReference<>();

    HostStore(ClusterStore store, Gate gate, Wires wires, Deliveries deliveries) {
        this.store = store;
        this.gate = gate;
        this.wires = wires;
        this.deliveries = deliveries;
    }

    /** Stale reads see what there is now until {@link #thaw}. */
    void freeze() {
        frozen.set(store.list("", Consistency.STALE));
    }

    void thaw() {
        frozen.set(null);
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        StoreSnapshot old = staleView(consistency);
        if (old != null) {
            return old.entries().stream()
                    .filter(entry -> entry.key().equals(key))
                    .findFirst();
        }
        reach(consistency);
        return store.get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        StoreSnapshot old = staleView(consistency);
        if (old != null) {
            return new StoreSnapshot(
                    old.revision(),
                    old.entries().stream()
                            .filter(entry -> entry.key().startsWith(prefix))
                            .toList());
        }
        reach(consistency);
        return store.list(prefix, consistency);
    }

    private @Nullable StoreSnapshot staleView(Consistency consistency) {
        gate.pass();
        return consistency == Consistency.STALE && !gate.isDead() ? frozen.get() : null;
    }

    private void reach(Consistency consistency) {
        if (consistency == Consistency.LINEARIZABLE || gate.isDead()) {
            gate.requireConnected();
            wires.carry();
        }
    }

    /** The answer may be lost: what was committed when the host was cut off stays committed. */
    @Override
    public CommitResult commit(Transaction transaction) {
        gate.requireConnected();
        wires.carry();
        CommitResult result = deliveries.commit(store, transaction);
        wires.carry();
        gate.requireConnected();
        return result;
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        Deliveries.Delivery delivery = deliveries.begin(prefix, gate);
        try {
            Subscription subscription = store.watch(prefix, afterRevision, new StoreWatcher() {
                @Override
                public void onChange(StoreChange change) {
                    wires.carry();
                    if (gate.awaitConnected()) {
                        watcher.onChange(change);
                    }
                    delivery.told(change.revision());
                }

                @Override
                public void onEnd(FlynnException reason) {
                    delivery.end();
                    if (gate.awaitConnected()) {
                        watcher.onEnd(reason);
                    }
                }
            });
            return () -> {
                delivery.end();
                subscription.close();
            };
        } catch (RuntimeException e) {
            delivery.end();
            throw e;
        }
    }

    /** The store is not this host's to close. */
    @Override
    public void close() {}
}
