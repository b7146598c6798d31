package dev.flynn.tck.store;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Operation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The simplest store that keeps every promise; each of its methods that a wrong store would get wrong can be overridden. */
class ReferenceStore implements ClusterStore {

    static final int HISTORY = 100;

    /** What outlives a restart, by directory: as good as a disk within one test. */
    private static final Map<Path, Disk> DISKS = new ConcurrentHashMap<>();

    static final class Disk {
        final TreeMap<String, StoreEntry> entries = new TreeMap<>();
        final Map<String, Long> sequences = new HashMap<>();
        final List<StoreChange> history = new ArrayList<>();
        final Map<UUID, CommitResult> results = new HashMap<>();
        long revision;
        long compacted;
    }

    final Disk disk;
    private final Set<Watch> watches = new HashSet<>();
    private boolean closed;

    ReferenceStore(Path directory) {
        disk = DISKS.computeIfAbsent(directory, any -> new Disk());
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return Set.of(StoreCapability.DURABLE);
    }

    @Override
    public synchronized Optional<StoreEntry> get(String key, Consistency consistency) {
        requireOpen();
        return Optional.ofNullable(disk.entries.get(key));
    }

    @Override
    public synchronized StoreSnapshot list(String prefix, Consistency consistency) {
        requireOpen();
        return new StoreSnapshot(
                disk.revision,
                disk.entries.values().stream()
                        .filter(entry -> entry.key().startsWith(prefix))
                        .toList());
    }

    @Override
    public synchronized CommitResult commit(Transaction transaction) {
        requireOpen();
        CommitResult before = remembered(transaction);
        if (before != null) {
            return before;
        }
        CommitResult result = conflict(transaction)
                .map(key -> CommitResult.conflict(disk.revision, key))
                .orElseGet(() -> perform(transaction));
        disk.results.put(transaction.id(), result);
        return result;
    }

    CommitResult remembered(Transaction transaction) {
        return disk.results.get(transaction.id());
    }

    Optional<String> conflict(Transaction transaction) {
        return transaction.conditions().stream()
                .filter(condition -> Optional.ofNullable(disk.entries.get(condition.key()))
                                .map(StoreEntry::modRevision)
                                .orElse(0L)
                        != condition.modRevision())
                .map(Transaction.Condition::key)
                .findFirst();
    }

    private CommitResult perform(Transaction transaction) {
        if (transaction.operations().isEmpty()) {
            return CommitResult.committed(disk.revision, List.of());
        }
        disk.revision++;
        List<KeyChange> changes = new ArrayList<>();
        List<String> appended = new ArrayList<>();
        for (Operation operation : transaction.operations()) {
            if (operation instanceof Operation.Put put) {
                changes.add(put(put.key(), put.value()));
            } else if (operation instanceof Operation.Append append) {
                String key = nextKey(append.prefix());
                appended.add(key);
                changes.add(put(key, append.value()));
            } else if (operation instanceof Operation.Delete delete && disk.entries.remove(delete.key()) != null) {
                changes.add(new KeyChange(delete.key(), Optional.empty()));
            }
        }
        if (!changes.isEmpty()) {
            record(new StoreChange(disk.revision, changes));
        }
        return CommitResult.committed(disk.revision, appended);
    }

    private KeyChange put(String key, String value) {
        long created = Optional.ofNullable(disk.entries.get(key))
                .map(StoreEntry::createRevision)
                .orElse(disk.revision);
        StoreEntry entry = new StoreEntry(key, value, created, disk.revision);
        disk.entries.put(key, entry);
        return new KeyChange(key, Optional.of(entry));
    }

    String nextKey(String prefix) {
        String key;
        do {
            key = Transaction.sequenceKey(prefix, disk.sequences.merge(prefix, 1L, Long::sum));
        } while (disk.entries.containsKey(key));
        return key;
    }

    private void record(StoreChange change) {
        disk.history.add(change);
        if (disk.history.size() > HISTORY) {
            disk.compacted = disk.history.remove(0).revision();
        }
        watches.forEach(Watch::wake);
    }

    @Override
    public synchronized Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireOpen();
        var watch = new Watch(prefix, afterRevision, watcher);
        watches.add(watch);
        watch.wake();
        return watch;
    }

    @Override
    public void close() {
        List<Watch> ending;
        synchronized (this) {
            closed = true;
            ending = List.copyOf(watches);
            ending.forEach(Watch::wake);
        }
        ending.forEach(Watch::join);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("closed");
        }
    }

    FlynnException closing() {
        return FlynnException.unavailable("closed", null);
    }

    boolean forgets(long cursor) {
        return cursor < disk.compacted;
    }

    Optional<StoreChange> seenThrough(String prefix, StoreChange change) {
        List<KeyChange> matching = change.changes().stream()
                .filter(key -> key.key().startsWith(prefix))
                .toList();
        return matching.isEmpty() ? Optional.empty() : Optional.of(new StoreChange(change.revision(), matching));
    }

    private final class Watch implements Subscription {

        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final String prefix;
        private final StoreWatcher watcher;
        private long cursor;

        Watch(String prefix, long cursor, StoreWatcher watcher) {
            this.prefix = prefix;
            this.cursor = cursor;
            this.watcher = watcher;
        }

        void wake() {
            thread.execute(this::deliver);
        }

        private void deliver() {
            while (true) {
                List<StoreChange> batch;
                synchronized (ReferenceStore.this) {
                    if (!watches.contains(this)) {
                        return;
                    }
                    if (closed) {
                        end(closing());
                        return;
                    }
                    if (forgets(cursor)) {
                        end(new FlynnException(ErrorCode.COMPACTED, "gone"));
                        return;
                    }
                    batch = disk.history.stream()
                            .filter(change -> change.revision() > cursor)
                            .limit(1)
                            .toList();
                }
                if (batch.isEmpty()) {
                    return;
                }
                cursor = batch.get(0).revision();
                batch.forEach(change -> seenThrough(prefix, change).ifPresent(watcher::onChange));
            }
        }

        private void end(FlynnException reason) {
            close();
            watcher.onEnd(reason);
        }

        @Override
        public void close() {
            synchronized (ReferenceStore.this) {
                watches.remove(this);
            }
            thread.shutdown();
        }

        void join() {
            try {
                thread.awaitTermination(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
