package dev.flynn.tck.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Remembers what a watch delivered, and whether it kept the rules of delivering. */
final class RecordingWatcher implements StoreWatcher {

    private final Duration patience;
    private final List<StoreChange> changes = new CopyOnWriteArrayList<>();
    private final List<FlynnException> ends = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean overlapped;
    private volatile boolean changedAfterEnd;

    /** @param patience how long the {@code await…} methods wait */
    RecordingWatcher(Duration patience) {
        this.patience = patience;
    }

    @Override
    public void onChange(StoreChange change) {
        overlapped |= inside.incrementAndGet() > 1;
        changedAfterEnd |= !ends.isEmpty();
        changes.add(change);
        Thread.yield();
        inside.decrementAndGet();
    }

    @Override
    public void onEnd(FlynnException reason) {
        overlapped |= inside.incrementAndGet() > 1;
        ends.add(reason);
        inside.decrementAndGet();
    }

    List<StoreChange> changes() {
        return List.copyOf(changes);
    }

    List<Long> revisions() {
        return changes.stream().map(StoreChange::revision).toList();
    }

    /** Whether calls came one at a time, and none after the end. */
    boolean isOrderly() {
        return !overlapped && !changedAfterEnd && ends.size() <= 1;
    }

    Optional<ErrorCode> end() {
        return ends.stream().findFirst().map(FlynnException::code);
    }

    List<StoreChange> awaitChanges(Predicate<List<StoreChange>> enough) {
        await().atMost(patience).until(() -> enough.test(changes()) || !ends.isEmpty());
        List<StoreChange> all = changes();
        assertThat(enough.test(all))
                .as("all that must come is among %s, before the watch ended: %s", all, ends)
                .isTrue();
        return all;
    }

    List<StoreChange> awaitRevision(long revision) {
        return awaitChanges(all -> !all.isEmpty() && all.get(all.size() - 1).revision() >= revision);
    }

    ErrorCode awaitEnd() {
        return await().atMost(patience).until(this::end, Optional::isPresent).orElseThrow();
    }
}
