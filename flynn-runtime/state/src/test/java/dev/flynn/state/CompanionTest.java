package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CompanionTest {

    private static final String PREFIX = "notes/";

    private final ClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());

    @AfterEach
    void close() {
        store.close();
    }

    private static Transaction.Builder put(String key) {
        return Transaction.builder().put(key, "1");
    }

    private List<StoreEntry> notes() {
        return store.list(PREFIX).entries();
    }

    @Test
    void isInTheTransactionOfTheFirstChangeAndInNoOther() {
        try (Companion companion = state.accompany(PREFIX, () -> "note")) {
            CommitResult first = state.commit(put("a").append("events/", "event"));
            state.commit(put("b"));

            assertThat(companion.isStored()).isTrue();
            assertThat(notes()).singleElement().satisfies(note -> {
                assertThat(note.value()).isEqualTo("note");
                assertThat(note.createRevision()).isEqualTo(first.revision());
            });
            assertThat(first.appendedKeys()).containsExactly(Transaction.sequenceKey("events/", 1));
        }
    }

    @Test
    void waitsForAChangeThatHappens() {
        var asked = new AtomicInteger();
        try (Companion companion = state.accompany(PREFIX, () -> "note " + asked.incrementAndGet())) {
            state.commit(put("a").whenUnchanged("a", 7));
            state.commit(Transaction.builder().whenAbsent("a"));
            assertThat(companion.isStored()).isFalse();
            assertThat(notes()).isEmpty();

            state.commit(put("a"));

            assertThat(companion.isStored()).isTrue();
            assertThat(notes()).extracting(StoreEntry::value).containsExactly("note 2");
        }
    }

    @Test
    void isOfItsThreadAloneAndOfTheTimeBeforeItIsClosed() {
        try (Companion companion = state.accompany(PREFIX, () -> "note")) {
            CompletableFuture.runAsync(() -> state.commit(put("a"))).join();
            assertThat(companion.isStored()).isFalse();
            assertThatThrownBy(() -> state.accompany(PREFIX, () -> "another"))
                    .isInstanceOf(IllegalStateException.class);
        }
        state.commit(put("b"));

        assertThat(notes()).isEmpty();
    }

    @Test
    void aChangeThatLeavesNoRoomGoesWithoutIt() {
        try (Companion companion = state.accompany(PREFIX, () -> "note")) {
            Transaction.Builder full = Transaction.builder();
            String value = "x".repeat(Transaction.MAX_VALUE_BYTES);
            for (int i = 0; i < Transaction.MAX_TRANSACTION_BYTES / Transaction.MAX_VALUE_BYTES; i++) {
                full.put("full/" + i, value);
            }
            assertThat(state.commit(full).committed()).isTrue();

            assertThat(companion.isStored()).isFalse();
            assertThat(notes()).isEmpty();
        }
    }
}
