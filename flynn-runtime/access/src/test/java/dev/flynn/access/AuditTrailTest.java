package dev.flynn.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.access.AuditEntry;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Companion;
import dev.flynn.store.MemoryClusterStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AuditTrailTest {

    private static final AuditQuery ALL =
            new AuditQuery(Optional.empty(), Optional.empty(), Optional.empty(), Integer.MAX_VALUE);

    private final SettableClock clock = new SettableClock();
    private final MovableStore store = new MovableStore();
    private final ClusterState state = new ClusterState(store.asStore(), new FlynnJson(), clock);

    /** A store that can refuse to take anything. */
    private static final class MovableStore {

        private final AtomicInteger commits = new AtomicInteger();
        private volatile boolean takes = true;
        private final MemoryClusterStore memory = new MemoryClusterStore();

        ClusterStore asStore() {
            return (ClusterStore) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {ClusterStore.class}, (proxy, method, arguments) -> {
                        if (method.isDefault()) {
                            return InvocationHandler.invokeDefault(proxy, method, arguments);
                        }
                        if (method.getName().equals("commit")) {
                            return commit((Transaction) arguments[0]);
                        }
                        return method.invoke(memory, arguments);
                    });
        }

        private CommitResult commit(Transaction transaction) {
            commits.incrementAndGet();
            if (!takes) {
                throw FlynnException.unavailable("no quorum", null);
            }
            return memory.commit(transaction);
        }
    }

    @AfterEach
    void close() {
        store.memory.close();
    }

    private AuditEntry entry(String key, String path, String app) {
        return new AuditEntry(
                0,
                clock.now,
                key,
                "POST",
                path,
                Optional.of(app).filter(text -> !text.isEmpty()),
                200,
                3,
                "request-1",
                "192.0.2.7",
                0);
    }

    private App createApp(String name) {
        var app = new App(
                AppId.random(),
                name,
                Map.of(),
                Strategy.ALL_AT_ONCE,
                Optional.empty(),
                30,
                false,
                clock.now,
                clock.now);
        Transaction.Builder transaction = Transaction.builder();
        state.apps().create(transaction, app.id().toString(), app);
        transaction.put(ClusterState.appNameKey(name), app.id().toString());
        state.commit(transaction);
        return app;
    }

    private static void awaitEntries(AuditTrail trail, int count) {
        await().until(() -> trail.history(ALL).entries().size() == count);
    }

    @Test
    void tellsWhoDidWhatInOrder() {
        App app = createApp("ledger");
        try (var trail = new AuditTrail(state)) {
            trail.record(entry("ci", "/apps/ledger/deploy", "ledger"));
            trail.record(entry("ann", "/apps", ""));
            awaitEntries(trail, 2);

            List<AuditEntry> entries = trail.history(ALL).entries();
            assertThat(entries).extracting(AuditEntry::key).containsExactly("ci", "ann");
            assertThat(entries).extracting(AuditEntry::id).containsExactly(1L, 2L);
            assertThat(entries.get(0).app()).hasValue(app.id().toString());
            assertThat(entries.get(0).path()).isEqualTo("/apps/ledger/deploy");
            assertThat(entries.get(0).at()).isEqualTo(clock.now);
            assertThat(entries.get(1).app()).isEmpty();
        }
    }

    @Test
    void findsByAppKeyAndTime() {
        App app = createApp("ledger");
        try (var trail = new AuditTrail(state)) {
            trail.record(entry("ci", "/apps/ledger", "ledger"));
            trail.record(entry("ann", "/apps/gone", "gone"));
            clock.now = clock.now.plusSeconds(10);
            trail.record(entry("ci", "/apps", ""));
            awaitEntries(trail, 3);

            assertThat(find(
                            trail,
                            new AuditQuery(
                                    Optional.empty(), Optional.of(app.id().toString()), Optional.empty(), 10)))
                    .containsExactly("/apps/ledger");
            assertThat(find(trail, new AuditQuery(Optional.empty(), Optional.of("gone"), Optional.empty(), 10)))
                    .containsExactly("/apps/gone");
            assertThat(find(trail, new AuditQuery(Optional.empty(), Optional.empty(), Optional.of("ci"), 10)))
                    .containsExactly("/apps/ledger", "/apps");
            assertThat(find(trail, new AuditQuery(Optional.of(clock.now), Optional.empty(), Optional.empty(), 10)))
                    .containsExactly("/apps");
            assertThat(find(trail, new AuditQuery(Optional.empty(), Optional.empty(), Optional.empty(), 2)))
                    .containsExactly("/apps/gone", "/apps");
        }
    }

    private static List<String> find(AuditTrail trail, AuditQuery query) {
        return trail.history(query).entries().stream().map(AuditEntry::path).toList();
    }

    @Test
    void aWatchGoesOnWhereTheHistoryEnds() throws Exception {
        try (var trail = new AuditTrail(state)) {
            trail.record(entry("ci", "/first", ""));
            awaitEntries(trail, 1);
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            AuditTrail.History history = trail.history(ALL);
            try (Subscription unused =
                    trail.watch(history.revision(), entry -> seen.add(entry.path()), reason -> seen.add("end"))) {
                trail.record(entry("ci", "/second", ""));

                assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("/second");
            }
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void manyEntriesAreFewTransactions() {
        try (var trail = new AuditTrail(state)) {
            for (int i = 0; i < 1000; i++) {
                trail.record(entry("ci", "/apps/" + i, ""));
            }
            awaitEntries(trail, 1000);

            assertThat(store.commits.get()).isLessThan(20);
        }
    }

    @Test
    void saysHowManyAreMissingWhenTheStoreTookNothing() {
        store.takes = false;
        try (var trail = new AuditTrail(state, 10, 1000)) {
            trail.record(entry("ci", "/first", ""));
            await().until(() -> store.commits.get() > 0);
            for (int i = 0; i < 15; i++) {
                trail.record(entry("ci", "/waiting", ""));
            }
            assertThat(trail.lost()).isEqualTo(5);
            store.takes = true;
            awaitEntries(trail, 11);

            assertThat(trail.history(ALL).entries())
                    .extracting(AuditEntry::missing)
                    .startsWith(0L, 5L, 0L);
        }
    }

    @Test
    void closingStoresWhatWaits() {
        var trail = new AuditTrail(state);
        for (int i = 0; i < 100; i++) {
            trail.record(entry("ci", "/apps/" + i, ""));
        }
        trail.close();

        assertThat(trail.history(ALL).entries()).hasSize(100);
        trail.record(entry("ci", "/late", ""));
        assertThat(trail.lost()).isEqualTo(1);
    }

    @Test
    void closingEndsAlsoWhenTheStoreTakesNothing() {
        store.takes = false;
        var trail = new AuditTrail(state);
        trail.record(entry("ci", "/apps", ""));
        await().until(() -> store.commits.get() > 0);
        trail.close();

        assertThat(trail.lost()).isEqualTo(1);
    }

    @Test
    void keepsTheNewest() {
        try (var trail = new AuditTrail(state, 1000, 20)) {
            for (int i = 0; i < 100; i++) {
                trail.record(entry("ci", "/apps/" + i, ""));
            }
            awaitEntries(trail, 20);

            assertThat(trail.history(ALL).entries())
                    .extracting(AuditEntry::path)
                    .startsWith("/apps/80")
                    .endsWith("/apps/99");
        }
    }

    @Test
    void anEntryThatGoesWithAChangeIsInItsTransaction() {
        App app = createApp("ledger");
        try (var trail = new AuditTrail(state)) {
            int before = store.commits.get();
            try (Companion unused = trail.accompany(() -> entry("ci", "/apps/ledger", "ledger"))) {
                state.commit(Transaction.builder().put("changed", "1"));
            }

            assertThat(trail.history(ALL).entries()).singleElement().satisfies(entry -> {
                assertThat(entry.id()).isEqualTo(1);
                assertThat(entry.path()).isEqualTo("/apps/ledger");
                assertThat(entry.app()).hasValue(app.id().toString());
            });
            assertThat(store.commits.get()).isEqualTo(before + 1);
        }
    }

    @Test
    void ofEntriesThatGoWithChangesTheNewestAreKept() {
        try (var trail = new AuditTrail(state, 1000, 20)) {
            for (int i = 0; i < 100; i++) {
                int number = i;
                try (Companion unused = trail.accompany(() -> entry("ci", "/apps/" + number, ""))) {
                    state.commit(Transaction.builder().put("changed", "1"));
                }
            }

            await().untilAsserted(() -> assertThat(trail.history(ALL).entries())
                    .hasSizeBetween(20, 22)
                    .last()
                    .extracting(AuditEntry::path)
                    .isEqualTo("/apps/99"));
        }
    }

    @Test
    void keepsNothingThatIsTooOld() {
        try (var trail = new AuditTrail(state, 1000, 10)) {
            trail.record(entry("ci", "/old", ""));
            awaitEntries(trail, 1);
            clock.now = clock.now.plus(AuditTrail.KEPT_FOR).plus(Duration.ofSeconds(1));
            trail.record(entry("ci", "/new", ""));

            await().untilAsserted(() -> assertThat(find(trail, ALL)).containsExactly("/new"));
        }
    }
}
