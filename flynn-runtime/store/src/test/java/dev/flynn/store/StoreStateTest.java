package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreStateTest {

    private static final StoreLimits LIMITS = new StoreLimits(50, 10_000, 100, Duration.ofMinutes(10));
    private static final long TEN_MINUTES = Duration.ofMinutes(10).toMillis();

    private final StoreState state = new StoreState(LIMITS);

    @Test
    void rememberedTransactionsAreForgottenAfterTenMinutes() {
        Transaction once = Transaction.builder().append("log/", "x").build();
        CommitResult first = state.apply(new Command(1000, once));

        CommitResult justInTime = state.apply(new Command(1000 + TEN_MINUTES, once));
        CommitResult tooLate = state.apply(new Command(1001 + TEN_MINUTES, once));

        assertThat(justInTime).isEqualTo(first);
        assertThat(tooLate.revision()).isEqualTo(2);
    }

    @Test
    void aClockThatGoesBackForgetsNothingAndKeepsNothingLonger() {
        Transaction once = Transaction.builder().append("log/", "x").build();
        state.apply(new Command(TEN_MINUTES, once));

        assertThat(state.apply(new Command(0, once)).revision()).isEqualTo(1);
        assertThat(state.timeMillis()).isEqualTo(TEN_MINUTES);
    }

    @Test
    void onlySoManyTransactionsAreRemembered() {
        for (int i = 0; i < 3 * LIMITS.rememberedTransactions(); i++) {
            state.apply(new Command(0, Transaction.builder().put("a", "x").build()));
        }

        assertThat(state.remembered().size()).isEqualTo(LIMITS.rememberedTransactions());
    }

    @Test
    void theHistoryIsBoundedInNumber() {
        for (int i = 0; i < 2 * LIMITS.historyChanges(); i++) {
            state.apply(new Command(0, Transaction.builder().put("a", "x").build()));
        }

        assertThat(state.history().size()).isEqualTo(LIMITS.historyChanges());
        assertThat(state.history().isCompacted(LIMITS.historyChanges() - 1)).isTrue();
        assertThat(state.history().isCompacted(LIMITS.historyChanges())).isFalse();
        assertThat(state.history().after(LIMITS.historyChanges())).hasSize(LIMITS.historyChanges());
    }

    @Test
    void theHistoryIsBoundedInSizeButKeepsTheNewestChange() {
        state.apply(new Command(0, Transaction.builder().put("a", "x").build()));
        state.apply(new Command(
                0, Transaction.builder().put("large", "x".repeat(20_000)).build()));

        assertThat(state.history().after(0)).map(StoreChange::revision).containsExactly(2L);
        assertThat(state.history().isCompacted(0)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void doesTheSameAsAMapThatIsCopiedForEachTransaction(long seed) {
        var random = new Random(seed);
        Map<String, StoreEntry> model = new TreeMap<>();
        Map<String, Long> sequences = new HashMap<>();
        long revision = 0;
        for (int i = 0; i < 500; i++) {
            Transaction transaction = randomTransaction(random, model);
            boolean holds = transaction.conditions().stream()
                    .allMatch(condition -> Optional.ofNullable(model.get(condition.key()))
                                    .map(StoreEntry::modRevision)
                                    .orElse(0L)
                            == condition.modRevision());

            CommitResult result = state.apply(new Command(i, transaction));

            assertThat(result.committed()).isEqualTo(holds);
            if (holds && !transaction.operations().isEmpty()) {
                revision++;
                perform(transaction, model, sequences, revision);
            }
            assertThat(result.revision()).isEqualTo(revision);
            assertThat(state.list("").entries()).containsExactlyElementsOf(model.values());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15})
    void theHistoryLeadsFromAnyListToTheNext(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            state.apply(new Command(i, randomTransaction(random, Map.of())));
        }
        long from = state.history().compactedRevision() + random.nextInt(10);
        Map<String, StoreEntry> followed = new TreeMap<>();
        StoreState earlier = replayUntil(seed, from);
        earlier.image().entries().forEach(entry -> followed.put(entry.key(), entry));

        for (StoreChange change : state.history().after(from)) {
            for (KeyChange key : change.changes()) {
                key.entry().ifPresentOrElse(entry -> followed.put(key.key(), entry), () -> followed.remove(key.key()));
            }
        }

        assertThat(followed.values()).containsExactlyElementsOf(state.image().entries());
    }

    private static StoreState replayUntil(long seed, long revision) {
        var random = new Random(seed);
        var replayed = new StoreState(LIMITS);
        for (int i = 0; replayed.revision() < revision; i++) {
            replayed.apply(new Command(i, randomTransaction(random, Map.of())));
        }
        return replayed;
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25})
    void aStateThatWasWrittenAndReadGoesOnAsIfNothingHadBeen(long seed) {
        var random = new Random(seed);
        List<Command> commands = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            commands.add(new Command(i, randomTransaction(random, Map.of())));
        }
        commands.subList(0, 200).forEach(state::apply);

        StoreState read = copyThroughBytes(state);
        StoreImage image = state.image();
        byte[] imageBefore = bytesOf(image);

        Set<CommitResult> results = new HashSet<>();
        for (Command command : commands.subList(150, 300)) {
            Command decoded = StoreCodec.decodeCommand(new ByteArrayInputStream(StoreCodec.encode(command)));
            CommitResult result = state.apply(command);
            results.add(result);
            assertThat(read.apply(decoded)).isEqualTo(result);
            assertThat(StoreCodec.decodeResult(ByteBuffer.wrap(StoreCodec.encode(result))))
                    .isEqualTo(result);
        }
        assertThat(results).hasSizeGreaterThan(20);
        assertThat(bytesOf(read)).isEqualTo(bytesOf(state)).isNotEqualTo(imageBefore);
        assertThat(bytesOf(image)).isEqualTo(imageBefore);
    }

    private static Transaction randomTransaction(Random random, Map<String, StoreEntry> present) {
        Transaction.Builder transaction = Transaction.builder();
        for (int i = random.nextInt(3); i > 0; i--) {
            String key = randomKey(random);
            boolean right = random.nextInt(4) > 0;
            long modRevision = Optional.ofNullable(present.get(key))
                    .map(StoreEntry::modRevision)
                    .orElse(0L);
            transaction.whenUnchanged(key, right ? modRevision : random.nextInt(100));
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> transaction.delete(randomKey(random));
                case 1 -> transaction.append("seq" + random.nextInt(2) + "/", "v" + random.nextInt(100));
                default -> transaction.put(randomKey(random), "grün" + random.nextInt(100));
            }
        }
        Transaction built = transaction.build();
        return new Transaction(new UUID(random.nextLong(), random.nextLong()), built.conditions(), built.operations());
    }

    private static String randomKey(Random random) {
        return "key" + random.nextInt(12);
    }

    private static void perform(
            Transaction transaction, Map<String, StoreEntry> model, Map<String, Long> sequences, long revision) {
        for (Transaction.Operation operation : transaction.operations()) {
            if (operation instanceof Transaction.Operation.Put put) {
                put(model, put.key(), put.value(), revision);
            } else if (operation instanceof Transaction.Operation.Append append) {
                long number = sequences.merge(append.prefix(), 1L, Long::sum);
                put(model, Transaction.sequenceKey(append.prefix(), number), append.value(), revision);
            } else if (operation instanceof Transaction.Operation.Delete delete) {
                model.remove(delete.key());
            }
        }
    }

    private static void put(Map<String, StoreEntry> model, String key, String value, long revision) {
        StoreEntry before = model.get(key);
        long created = before == null ? revision : before.createRevision();
        model.put(key, new StoreEntry(key, value, created, revision));
    }

    private static StoreState copyThroughBytes(StoreState state) {
        try {
            return StoreCodec.readState(new DataInputStream(new ByteArrayInputStream(bytesOf(state))), LIMITS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytesOf(StoreState state) {
        return bytesOf(state.image());
    }

    private static byte[] bytesOf(StoreImage state) {
        var bytes = new ByteArrayOutputStream();
        try {
            StoreCodec.writeState(state, new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
