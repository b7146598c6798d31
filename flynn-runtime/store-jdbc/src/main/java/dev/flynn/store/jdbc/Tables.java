package dev.flynn.store.jdbc;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Condition;
import dev.flynn.spi.store.Transaction.Operation;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The SQL of the store, one method per question. */
final class Tables {

    private static final String LAST_NUMBER = Long.toString(Long.MAX_VALUE);

    private Tables() {}

    /** Where the store is: its newest revision, and the newest one whose changes are no longer kept. */
    record Position(long revision, long compacted) {}

    /** Some of the changes after a revision, complete up to {@code upTo}. */
    record Page(Position position, long upTo, List<StoreChange> changes) {}

    // ---- reading

    /** Waits until nobody else commits; nobody will before this transaction is over. */
    static Position lock(Connection connection) throws SQLException {
        return position(connection, "SELECT revision, compacted FROM store FOR UPDATE");
    }

    static Position position(Connection connection) throws SQLException {
        return position(connection, "SELECT revision, compacted FROM store");
    }

    private static Position position(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            if (!row.next()) {
                throw new SQLException("the table \"store\" has lost its row", "XX000");
            }
            return new Position(row.getLong(1), row.getLong(2));
        }
    }

    static List<StoreEntry> entries(Connection connection) throws SQLException {
        List<StoreEntry> entries = new ArrayList<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT key, value, create_revision, mod_revision FROM entries")) {
            statement.setFetchSize(1000);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    entries.add(new StoreEntry(row.getString(1), row.getString(2), row.getLong(3), row.getLong(4)));
                }
            }
        }
        return entries;
    }

    /**
     * What was committed after a revision, so many revisions at most.
     *
     * <p>One statement, and so one state of the database: the position belongs to the changes.
     */
    static Page changesAfter(Connection connection, long revision, int limit) throws SQLException {
        String sql = "SELECT store.revision, store.compacted, c.revision, c.key, c.value, c.create_revision FROM store"
                + " LEFT JOIN changes c ON c.revision > ? AND c.revision <= ? ORDER BY c.revision, c.position";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, revision);
            statement.setLong(2, revision + limit);
            try (ResultSet row = statement.executeQuery()) {
                Position position = new Position(0, 0);
                Map<Long, List<KeyChange>> changes = new TreeMap<>();
                while (row.next()) {
                    position = new Position(row.getLong(1), row.getLong(2));
                    String key = row.getString(4);
                    if (key != null) {
                        changes.computeIfAbsent(row.getLong(3), r -> new ArrayList<>())
                                .add(change(row.getLong(3), key, row.getString(5), row.getLong(6)));
                    }
                }
                return new Page(
                        position,
                        Math.min(position.revision(), revision + limit),
                        changes.entrySet().stream()
                                .map(each -> new StoreChange(each.getKey(), each.getValue()))
                                .toList());
            }
        }
    }

    private static KeyChange change(long revision, String key, @Nullable String value, long createRevision) {
        return new KeyChange(
                key, Optional.ofNullable(value).map(text -> new StoreEntry(key, text, createRevision, revision)));
    }

    /** What the transactions concern; see {@link Batch.Known}. */
    static Batch.Known known(Connection connection, Position position, Collection<Transaction> transactions)
            throws SQLException {
        Set<String> keys = new TreeSet<>();
        Set<String> prefixes = new TreeSet<>();
        for (Transaction transaction : transactions) {
            for (Condition condition : transaction.conditions()) {
                keys.add(condition.key());
            }
            for (Operation operation : transaction.operations()) {
                if (operation instanceof Operation.Put put) {
                    keys.add(put.key());
                } else if (operation instanceof Operation.Delete delete) {
                    keys.add(delete.key());
                } else if (operation instanceof Operation.Append append) {
                    prefixes.add(append.prefix());
                }
            }
        }
        Map<String, StoreEntry> entries = new HashMap<>();
        if (!keys.isEmpty()) {
            readEntries(connection, keys, entries);
        }
        Map<String, Long> sequences = new HashMap<>();
        if (!prefixes.isEmpty()) {
            readSequences(connection, prefixes, sequences, entries);
        }
        List<UUID> ids = transactions.stream().map(Transaction::id).toList();
        return new Batch.Known(position.revision(), entries, sequences, answers(connection, ids));
    }

    private static void readEntries(Connection connection, Set<String> keys, Map<String, StoreEntry> into)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT key, create_revision, mod_revision FROM entries WHERE key = ANY (?)")) {
            statement.setArray(1, texts(connection, keys.stream()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    into.put(row.getString(1), withoutValue(row.getString(1), row.getLong(2), row.getLong(3)));
                }
            }
        }
    }

    /** The last numbers, and the keys beyond them that somebody wrote by hand. */
    private static void readSequences(
            Connection connection, Set<String> prefixes, Map<String, Long> last, Map<String, StoreEntry> occupied)
            throws SQLException {
        String sql = "SELECT p.prefix, p.last, e.key, e.create_revision, e.mod_revision FROM"
                + " (SELECT wanted.prefix, coalesce(s.last, 0) AS last FROM unnest(?) AS wanted(prefix)"
                + " LEFT JOIN sequences s ON s.prefix = wanted.prefix) p"
                + " LEFT JOIN entries e ON e.key > p.prefix || lpad(p.last::text, 19, '0')"
                + " AND e.key <= p.prefix || '" + LAST_NUMBER + "' AND length(e.key) = length(p.prefix) + 19";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, texts(connection, prefixes.stream()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    last.put(row.getString(1), row.getLong(2));
                    String key = row.getString(3);
                    if (key != null) {
                        occupied.put(key, withoutValue(key, row.getLong(4), row.getLong(5)));
                    }
                }
            }
        }
    }

    private static StoreEntry withoutValue(String key, long createRevision, long modRevision) {
        return new StoreEntry(key, "", createRevision, modRevision);
    }

    private static Map<UUID, CommitResult> answers(Connection connection, List<UUID> ids) throws SQLException {
        Map<UUID, CommitResult> answers = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT id, committed, revision, appended_keys, conflict_key FROM answers WHERE id = ANY (?)")) {
            statement.setArray(1, connection.createArrayOf("uuid", ids.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    List<String> appended =
                            Arrays.asList((String[]) row.getArray(4).getArray());
                    answers.put(
                            row.getObject(1, UUID.class),
                            new CommitResult(
                                    row.getBoolean(2),
                                    row.getLong(3),
                                    appended,
                                    Optional.ofNullable(row.getString(5))));
                }
            }
        }
        return answers;
    }

    // ---- writing

    /** Writes what a batch decided. */
    static void write(Connection connection, Batch batch) throws SQLException {
        writeEntries(connection, batch.written().values());
        deleteEntries(connection, batch.written());
        writeChanges(connection, batch.changes());
        writeSequences(connection, batch.sequences());
        writeAnswers(connection, batch.answers());
    }

    private static void writeEntries(Connection connection, Collection<Optional<StoreEntry>> written)
            throws SQLException {
        List<StoreEntry> entries = written.stream().flatMap(Optional::stream).toList();
        if (entries.isEmpty()) {
            return;
        }
        String sql = "INSERT INTO entries (key, value, create_revision, mod_revision) SELECT * FROM unnest(?, ?, ?, ?)"
                + " ON CONFLICT (key) DO UPDATE SET value = excluded.value,"
                + " create_revision = excluded.create_revision, mod_revision = excluded.mod_revision";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, texts(connection, entries.stream().map(StoreEntry::key)));
            statement.setArray(2, texts(connection, entries.stream().map(StoreEntry::value)));
            statement.setArray(3, numbers(connection, entries.stream().map(StoreEntry::createRevision)));
            statement.setArray(4, numbers(connection, entries.stream().map(StoreEntry::modRevision)));
            statement.executeUpdate();
        }
    }

    private static void deleteEntries(Connection connection, Map<String, Optional<StoreEntry>> written)
            throws SQLException {
        List<String> deleted = written.entrySet().stream()
                .filter(each -> each.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
        if (deleted.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM entries WHERE key = ANY (?)")) {
            statement.setArray(1, texts(connection, deleted.stream()));
            statement.executeUpdate();
        }
    }

    private static void writeChanges(Connection connection, List<StoreChange> changes) throws SQLException {
        List<Object> revisions = new ArrayList<>();
        List<Object> positions = new ArrayList<>();
        List<Object> createRevisions = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        List<@Nullable String> values = new ArrayList<>();
        for (StoreChange change : changes) {
            for (KeyChange each : change.changes()) {
                revisions.add(change.revision());
                positions.add(positions.size());
                createRevisions.add(each.entry().map(StoreEntry::createRevision).orElse(0L));
                keys.add(each.key());
                values.add(each.entry().map(StoreEntry::value).orElse(null));
            }
        }
        if (keys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO changes (revision, position, create_revision, key, value)"
                        + " SELECT * FROM unnest(?, ?, ?, ?, ?)")) {
            statement.setArray(1, connection.createArrayOf("bigint", revisions.toArray()));
            statement.setArray(2, connection.createArrayOf("integer", positions.toArray()));
            statement.setArray(3, connection.createArrayOf("bigint", createRevisions.toArray()));
            statement.setArray(4, connection.createArrayOf("text", keys.toArray()));
            statement.setArray(5, connection.createArrayOf("text", values.toArray()));
            statement.executeUpdate();
        }
    }

    private static void writeSequences(Connection connection, Map<String, Long> sequences) throws SQLException {
        if (sequences.isEmpty()) {
            return;
        }
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO sequences (prefix, last) SELECT * FROM unnest(?, ?)"
                        + " ON CONFLICT (prefix) DO UPDATE SET last = excluded.last")) {
            statement.setArray(1, texts(connection, sequences.keySet().stream()));
            statement.setArray(2, numbers(connection, sequences.values().stream()));
            statement.executeUpdate();
        }
    }

    private static void writeAnswers(Connection connection, Map<UUID, CommitResult> answers) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO answers (id, committed, revision, appended_keys, conflict_key) VALUES (?, ?, ?, ?, ?)")) {
            for (Map.Entry<UUID, CommitResult> answer : answers.entrySet()) {
                CommitResult result = answer.getValue();
                statement.setObject(1, answer.getKey());
                statement.setBoolean(2, result.committed());
                statement.setLong(3, result.revision());
                statement.setArray(4, texts(connection, result.appendedKeys().stream()));
                statement.setString(5, result.conflictKey().orElse(null));
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /** Moves the store on; those who listen hear of it once the transaction is committed. */
    static void moveTo(Connection connection, Position position, String channel) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("UPDATE store SET revision = ?, compacted = ?");
                PreparedStatement notify = connection.prepareStatement("SELECT pg_notify(?, '')")) {
            statement.setLong(1, position.revision());
            statement.setLong(2, position.compacted());
            statement.executeUpdate();
            notify.setString(1, channel);
            notify.execute();
        }
    }

    /** Deletes the changes up to a revision. */
    static void compact(Connection connection, long revision) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM changes WHERE revision <= ?")) {
            statement.setLong(1, revision);
            statement.executeUpdate();
        }
    }

    /** Deletes the answers that no repetition needs any more (CS-8), by the database's clock. */
    static void forgetOldAnswers(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "DELETE FROM answers WHERE at < clock_timestamp() - interval '11 minutes'")) {
            statement.executeUpdate();
        }
    }

    private static Array texts(Connection connection, Stream<String> texts) throws SQLException {
        return connection.createArrayOf("text", texts.toArray());
    }

    private static Array numbers(Connection connection, Stream<Long> numbers) throws SQLException {
        return connection.createArrayOf("bigint", numbers.toArray());
    }
}
