package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.Host;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.TableFeed.Changes;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TableFeedTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final AtomicInteger told = new AtomicInteger();

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theFirstTimeItGivesEverything() {
        create("host1");
        create("host2");
        try (var feed = state.hosts().feed(told::incrementAndGet)) {
            Changes<Host> changes = feed.take();

            assertThat(changes.everything()).isTrue();
            assertThat(changes.records()).containsOnlyKeys("host1", "host2");
            assertThat(changes.revision()).isEqualTo(store.list("").revision());
            assertThat(feed.take().records()).isEmpty();
            assertThat(feed.take().everything()).isFalse();
        }
    }

    @Test
    void afterwardsItGivesWhatChangedAndOfSeveralChangesTheLast() {
        create("host1");
        try (var feed = state.hosts().feed(told::incrementAndGet)) {
            feed.take();
            create("host2");
            state.hosts().update("host2", host -> host.withDraining(true));
            Transaction.Builder transaction = Transaction.builder();
            state.hosts().remove(transaction, state.hosts().get("host1"));
            long revision = state.commit(transaction).revision();

            Map<String, Optional<Versioned<Host>>> all = new HashMap<>();
            await().untilAsserted(() -> {
                Changes<Host> changes = feed.take();
                assertThat(changes.everything()).isFalse();
                all.putAll(changes.records());
                assertThat(changes.revision()).isEqualTo(revision);
            });
            assertThat(all).containsOnlyKeys("host1", "host2").containsEntry("host1", Optional.empty());
            assertThat(all.get("host2").orElseThrow().value().draining()).isTrue();
            assertThat(told).hasValueGreaterThan(0);
        }
    }

    @Test
    void anUnreadFeedTellsWhatIsStoredAndWhoIsToldKnowsItAtOnce() {
        create("host1");
        try (var feed = state.hosts().unreadFeed(told::incrementAndGet)) {
            assertThat(feed.take().records()).containsOnlyKeys("host1");
            Transaction.Builder transaction = Transaction.builder();
            transaction.put(state.hosts().key("host2"), "no host at all");
            state.commit(transaction);
            state.hosts().update("host1", host -> host.withDraining(true));

            Map<String, Optional<Versioned<String>>> all = new HashMap<>();
            await().untilAsserted(() -> {
                all.putAll(feed.take().records());
                assertThat(all).containsOnlyKeys("host1", "host2");
            });
            assertThat(all.get("host2").orElseThrow().value()).isEqualTo("no host at all");
            assertThat(state.hosts().known("host1").orElseThrow().value().draining())
                    .isTrue();
        }
    }

    private void create(String id) {
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, id, new Host(id, "http://" + id, Map.of()));
        assertThat(state.commit(transaction).committed()).isTrue();
    }
}
