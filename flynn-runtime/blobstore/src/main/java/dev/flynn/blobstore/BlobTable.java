package dev.flynn.blobstore;

import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The records of all objects in the cluster store: the one place that says which version of an object is the right one. */
final class BlobTable {

    private static final String PREFIX = "blobs/";

    /** Longer keys are cut, so that they fit into the store; a digest tells them apart. */
    private static final int CUT = 900;

    private final ClusterState state;
    private final Table<BlobRecord> table;

    BlobTable(ClusterState state) {
        this.state = state;
        this.table = state.table(PREFIX, BlobRecord.class);
    }

    private static String id(String key) {
        return key.length() <= CUT ? key : key.substring(0, CUT) + "#" + digest(key);
    }

    private static String digest(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    Optional<BlobRecord> find(String key) {
        return table.find(id(key)).map(Versioned::value);
    }

    List<BlobRecord> list(String keyPrefix) {
        String idPrefix = keyPrefix.substring(0, Math.min(CUT, keyPrefix.length()));
        return table.list(idPrefix).stream()
                .map(Versioned::value)
                .filter(found -> found.key().startsWith(keyPrefix))
                .toList();
    }

    /** Makes this the version of its object; false if the condition does not hold. */
    boolean put(BlobRecord fresh, PutCondition condition) {
        String id = id(fresh.key());
        if (condition instanceof PutCondition.Anything) {
            String json = state.json().write(fresh);
            return state.commit(Transaction.builder().put(table.key(id), json)).committed();
        }
        while (true) {
            Optional<Versioned<BlobRecord>> read = table.find(id);
            if (!condition.holds(read.map(Versioned::value))) {
                return false;
            }
            Transaction.Builder transaction = Transaction.builder();
            read.ifPresentOrElse(
                    old -> table.replace(transaction, old, fresh), () -> table.create(transaction, id, fresh));
            if (state.commit(transaction).committed()) {
                return true;
            }
        }
    }

    /**
     * Changes who has copies of a version.
     *
     * @return the record as it is then; empty if the object has another version meanwhile, or is gone
     */
    Optional<BlobRecord> change(BlobRecord known, UnaryOperator<BlobRecord> change) {
        while (true) {
            Optional<Versioned<BlobRecord>> read = table.find(id(known.key()));
            if (read.isEmpty() || !read.get().value().version().equals(known.version())) {
                return Optional.empty();
            }
            BlobRecord changed = change.apply(read.get().value());
            Transaction.Builder transaction = Transaction.builder();
            table.replace(transaction, read.get(), changed);
            if (state.commit(transaction).committed()) {
                return Optional.of(changed);
            }
        }
    }

    void delete(String key) {
        var unused = state.commit(Transaction.builder().delete(table.key(id(key))));
    }

    TableView<BlobRecord> view(Runnable onChange) {
        return table.view(onChange);
    }
}
