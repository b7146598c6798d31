package dev.flynn.access;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** When keys were last used, to the minute: a request never waits for that, and a key is written once a minute at most. */
final class KeyUses implements AutoCloseable {

    static final Duration GRAIN = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(KeyUses.class);

    private final ClusterState state;
    private final Table<Use> table;
    private final Map<String, Instant> noted = new ConcurrentHashMap<>();

    /** As many as there are keys, at most. */
    private final BlockingQueue<Use> toWrite = new LinkedBlockingQueue<>();

    private final Thread writer = new NamedThreads("access-key-uses").newThread(this::write);

    KeyUses(ClusterState state) {
        this.state = state;
        this.table = state.table("access-key-uses/", Use.class);
        writer.start();
    }

    record Use(String name, Instant at) {}

    void note(String name, Instant now) {
        Instant before = noted.get(name);
        if (before != null && now.isBefore(before.plus(GRAIN))) {
            return;
        }
        boolean mine = before == null ? noted.putIfAbsent(name, now) == null : noted.replace(name, before, now);
        if (mine) {
            toWrite.add(new Use(name, now));
        }
    }

    Map<String, Instant> all() {
        Map<String, Instant> all = new HashMap<>();
        table.list().forEach(use -> all.put(use.value().name(), use.value().at()));
        return all;
    }

    /** Adds: nothing is known of this key. */
    void forget(Transaction.Builder transaction, String name) {
        transaction.delete(table.key(name));
    }

    private void write() {
        try {
            while (true) {
                Use use = toWrite.take();
                try {
                    write(use);
                } catch (FlynnException e) {
                    log.atWarn().setCause(e).addKeyValue("key", use.name()).log("use of a key not noted");
                }
            }
        } catch (InterruptedException | IllegalStateException closed) {
            // there is nothing more to do
        }
    }

    /** Other hosts note uses of the same key. */
    private void write(Use use) {
        Optional<Versioned<Use>> known = table.find(use.name());
        Transaction.Builder transaction = Transaction.builder();
        if (known.isEmpty()) {
            table.create(transaction, use.name(), use);
        } else if (known.get().value().at().plus(GRAIN).isAfter(use.at())) {
            return;
        } else {
            table.replace(transaction, known.get(), use);
        }
        // refused means that another host was quicker
        var unused = state.commit(transaction);
    }

    @Override
    public void close() {
        writer.interrupt();
        try {
            writer.join(Duration.ofSeconds(5).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
