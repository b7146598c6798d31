package dev.flynn.tck.store;

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

    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<StoreChange> changes = new CopyOnWriteArrayList<>();
    private final List<FlynnException> ends = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean overlapped;
    private volatile boolean changedAfterEnd;

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
        return await().atMost(PATIENCE).until(this::changes, enough);
    }

    List<StoreChange> awaitRevision(long revision) {
        return awaitChanges(all -> !all.isEmpty() && all.get(all.size() - 1).revision() >= revision);
    }

    ErrorCode awaitEnd() {
        return await().atMost(PATIENCE).until(this::end, Optional::isPresent).orElseThrow();
    }
}
