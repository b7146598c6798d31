package dev.flynn.link.proof;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreWatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Watches a prefix of the store and tells every change. Now and then it ends its watch and goes on from where it was; when the
 * changes after that are not kept any more, it lists and goes on from there.
 */
final class StoreWatch {

    private static final int LONGEST_WATCH_MILLIS = 2000;
    private static final AtomicInteger STREAMS = new AtomicInteger();

    private final ClusterStore store;
    private final String prefix;
    private final Journal journal;
    private final Random random;
    private volatile long seenUntil;

    /** @param seenUntil the revision from which to go on */
    StoreWatch(ClusterStore store, String prefix, long seenUntil, Journal journal, long seed) {
        this.store = store;
        this.prefix = prefix;
        this.seenUntil = seenUntil;
        this.journal = journal;
        this.random = new Random(seed);
    }

    /** The last revision that was told. */
    long seenUntil() {
        return seenUntil;
    }

    void step() throws InterruptedException {
        var watcher = new Watcher("store-" + STREAMS.incrementAndGet());
        journal.tell("watch", watcher.stream, prefix, seenUntil);
        boolean compacted;
        try (Subscription watch = store.watch(prefix, seenUntil, watcher)) {
            boolean ended = watcher.ended.await(random.nextInt(LONGEST_WATCH_MILLIS), TimeUnit.MILLISECONDS);
            compacted = ended && watcher.compacted;
        }
        watcher.close();
        if (compacted) {
            seenUntil = RegisterClient.tellList(store, prefix, anyConsistency(), journal)
                    .revision();
        }
    }

    private Consistency anyConsistency() {
        return random.nextBoolean() ? Consistency.LINEARIZABLE : Consistency.STALE;
    }

    private final class Watcher implements StoreWatcher {

        private final String stream;
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile boolean compacted;
        private boolean closed;

        Watcher(String stream) {
            this.stream = stream;
        }

        @Override
        public synchronized void onChange(StoreChange change) {
            if (closed) {
                return;
            }
            List<Object> words = new ArrayList<>(List.of("change", stream, prefix, change.revision()));
            for (KeyChange key : change.changes()) {
                if (key.entry().isPresent()) {
                    StoreEntry entry = key.entry().get();
                    words.addAll(List.of("put", key.key(), entry.value(), entry.createRevision(), entry.modRevision()));
                } else {
                    words.addAll(List.of("delete", key.key()));
                }
            }
            journal.tell(words);
            seenUntil = change.revision();
        }

        @Override
        public synchronized void onEnd(FlynnException reason) {
            journal.tell("ended", stream, reason.code(), reason.getMessage());
            compacted = reason.code() == ErrorCode.COMPACTED;
            ended.countDown();
        }

        /** What comes from now on is of no interest. */
        synchronized void close() {
            closed = true;
        }
    }
}
