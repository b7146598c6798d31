package dev.flynn.tck.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Remembers what a watch delivered, and whether calls came one at a time. */
final class RecordingWatcher implements DiscoveryWatcher {

    private final Duration patience;
    private final List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean overlapped;

    RecordingWatcher(Duration patience) {
        this.patience = patience;
    }

    @Override
    public void onEvent(DiscoveryEvent event) {
        overlapped |= inside.incrementAndGet() > 1;
        events.add(event);
        Thread.yield();
        inside.decrementAndGet();
    }

    @Override
    public void onEnd(FlynnException reason) {}

    List<DiscoveryEvent> events() {
        return List.copyOf(events);
    }

    boolean isOrderly() {
        return !overlapped;
    }

    /** Waits until an event equal to this came, and tells all that came until now. */
    List<DiscoveryEvent> awaitEvent(DiscoveryEvent last) {
        await().atMost(patience).until(() -> events.contains(last));
        return events();
    }

    /** Waits for exactly these events: no other before them, none between. */
    void awaitExactly(DiscoveryEvent... expected) {
        await().atMost(patience).untilAsserted(() -> assertThat(events).hasSizeGreaterThanOrEqualTo(expected.length));
        assertThat(events()).containsExactly(expected);
    }
}
