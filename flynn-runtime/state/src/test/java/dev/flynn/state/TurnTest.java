package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TurnTest {

    private static final String SHOP = Turn.ofApp(AppId.random());
    private static final String BLOG = Turn.ofApp(AppId.random());
    private static final String HOST = Turn.ofHost("host1");

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void ofTwoWhoDecideForTheSameAppOneIsRefused() {
        var first = new Turn(state);
        var second = new Turn(state);

        assertThat(commit(first, SHOP)).isTrue();
        assertThat(commit(second, SHOP)).isFalse();

        assertThat(second.isLost()).isTrue();
        assertThat(commit(new Turn(state), SHOP)).isTrue();
    }

    @Test
    void whoDecidesForDifferentAppsIsNotHindered() {
        var first = new Turn(state);
        var second = new Turn(state);

        assertThat(commit(first, SHOP)).isTrue();
        assertThat(commit(second, BLOG)).isTrue();
    }

    @Test
    void ofTwoWhoGiveAwayTheSameHostOneIsRefused() {
        var first = new Turn(state);
        var second = new Turn(state);

        assertThat(commit(first, SHOP, HOST)).isTrue();
        assertThat(commit(second, BLOG, HOST)).isFalse();
    }

    @Test
    void aTurnCommitsAgainAndAgain() {
        var turn = new Turn(state);

        assertThat(commit(turn, SHOP, HOST)).isTrue();
        assertThat(commit(turn, SHOP, HOST)).isTrue();
    }

    @Test
    void nobodyDecidesByJobsThatAreOlderThanTheLastDecision() {
        commit(new Turn(state), SHOP);
        long revision = store.get(SHOP).orElseThrow().modRevision();

        assertThat(commit(new Turn(state, new HashMap<>(Map.of(SHOP, revision)), revision - 1), SHOP))
                .isFalse();
        assertThat(commit(new Turn(state, new HashMap<>(Map.of(SHOP, revision)), revision), SHOP))
                .isTrue();
    }

    private static boolean commit(Turn turn, String... keys) {
        return turn.commit(Transaction.builder().put("jobs/x", "1"), List.of(keys));
    }
}
