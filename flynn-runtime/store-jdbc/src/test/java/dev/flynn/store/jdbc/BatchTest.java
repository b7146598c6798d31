package dev.flynn.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BatchTest {

    private static final String THIRD = Transaction.sequenceKey("log/", 3);

    @Test
    void aTransactionSeesWhatThoseBeforeItInTheBatchDecided() {
        var batch = new Batch(known(Map.of(), Map.of()));

        CommitResult first =
                batch.decide(Transaction.builder().whenAbsent("a").put("a", "1").build());
        CommitResult second =
                batch.decide(Transaction.builder().whenAbsent("a").put("a", "2").build());
        CommitResult third = batch.decide(
                Transaction.builder().whenUnchanged("a", 8).delete("a").build());

        assertThat(first).isEqualTo(CommitResult.committed(8, java.util.List.of()));
        assertThat(second).isEqualTo(CommitResult.conflict(8, "a"));
        assertThat(third.revision()).isEqualTo(9);
        assertThat(batch.revision()).isEqualTo(9);
        assertThat(batch.written()).containsExactly(Map.entry("a", Optional.empty()));
        assertThat(batch.changes()).hasSize(2);
        assertThat(batch.answers()).hasSize(3);
    }

    @Test
    void theSameTransactionTwiceInABatchHappensOnce() {
        var batch = new Batch(known(Map.of(), Map.of()));
        Transaction once = Transaction.builder().append("log/", "x").build();

        assertThat(batch.decide(once)).isEqualTo(batch.decide(once));
        assertThat(batch.sequences()).containsExactly(Map.entry("log/", 1L));
    }

    @Test
    void anAppendPassesOverKeysThatAreThereOrWereWrittenBeforeIt() {
        var batch = new Batch(known(Map.of(THIRD, new StoreEntry(THIRD, "", 1, 1)), Map.of("log/", 1L)));

        CommitResult result = batch.decide(Transaction.builder()
                .put(Transaction.sequenceKey("log/", 2), "by hand")
                .append("log/", "x")
                .build());

        assertThat(result.appendedKeys()).containsExactly(Transaction.sequenceKey("log/", 4));
    }

    private static Batch.Known known(Map<String, StoreEntry> entries, Map<String, Long> sequences) {
        return new Batch.Known(7, entries, sequences, Map.of());
    }
}
