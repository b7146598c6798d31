package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Condition;
import dev.flynn.spi.store.Transaction.Operation;
import dev.flynn.store.RememberedResults.Remembered;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/** The bytes of commands and results in the Raft log, and of a state in a snapshot. Each begins with its format. */
final class StoreCodec {

    /** A command with its keys; Raft's buffers are made for it. */
    static final int MAX_COMMAND_BYTES = Transaction.MAX_TRANSACTION_BYTES + (512 << 10);

    // format, time, id and two counts; a key's length and a revision; a kind and two lengths
    private static final int COMMAND_HEAD_BYTES = 1 + 8 + 16 + 4 + 4;
    private static final int CONDITION_HEAD_BYTES = 4 + 8;
    private static final int OPERATION_HEAD_BYTES = 1 + 4 + 4;

    private static final int MAX_UTF8_BYTES_PER_UNIT = 3;

    /** A result without keys has 18. */
    private static final int RESULT_BYTES = 32;

    private static final byte FORMAT = 1;
    private static final byte PUT = 1;
    private static final byte DELETE = 2;
    private static final byte APPEND = 3;

    private StoreCodec() {}

    static byte[] encode(Command command) {
        requireFits(command.transaction());
        // in ASCII, as most text is
        int usualSize = (int) size(command.transaction(), String::length);
        return bytes(usualSize, out -> writeCommand(command, out));
    }

    /** @throws FlynnException {@code VALIDATION} if the transaction is too large with its keys */
    static void requireFits(Transaction transaction) {
        if (size(transaction, text -> MAX_UTF8_BYTES_PER_UNIT * (long) text.length()) <= MAX_COMMAND_BYTES) {
            return; // without looking at each character
        }
        long size = size(transaction, text -> utf8(text).length);
        if (size > MAX_COMMAND_BYTES) {
            throw FlynnException.invalid("a transaction has at most %d bytes with its keys, this one has %d; split it"
                    .formatted(MAX_COMMAND_BYTES, size));
        }
    }

    /** How many bytes the transaction's command has if a text has as many as this says. */
    private static long size(Transaction transaction, ToLongFunction<String> bytes) {
        long size = COMMAND_HEAD_BYTES;
        for (Condition condition : transaction.conditions()) {
            size += CONDITION_HEAD_BYTES + bytes.applyAsLong(condition.key());
        }
        for (Operation operation : transaction.operations()) {
            size += OPERATION_HEAD_BYTES + bytes.applyAsLong(keyOf(operation)) + bytes.applyAsLong(valueOf(operation));
        }
        return size;
    }

    private static String valueOf(Operation operation) {
        if (operation instanceof Operation.Put put) {
            return put.value();
        }
        return operation instanceof Operation.Append append ? append.value() : "";
    }

    private static String keyOf(Operation operation) {
        if (operation instanceof Operation.Put put) {
            return put.key();
        } else if (operation instanceof Operation.Append append) {
            return append.prefix();
        }
        return ((Operation.Delete) operation).key();
    }

    static byte[] encode(CommitResult result) {
        return bytes(RESULT_BYTES, out -> writeResult(result, out));
    }

    static Command decodeCommand(ByteBuffer bytes) {
        return decodeCommand(stream(bytes));
    }

    static Command decodeCommand(InputStream bytes) {
        try {
            return readCommand(new DataInputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException("the store's log holds a transaction that this version cannot read", e);
        }
    }

    static CommitResult decodeResult(ByteBuffer bytes) {
        try {
            return readResult(new DataInputStream(stream(bytes)));
        } catch (IOException e) {
            throw new UncheckedIOException("the store answered in a form that this version cannot read", e);
        }
    }

    private static InputStream stream(ByteBuffer bytes) {
        return ByteString.copyFrom(bytes).newInput();
    }

    static void writeState(StoreImage state, DataOutput out) throws IOException {
        out.writeByte(FORMAT);
        out.writeLong(state.revision());
        out.writeLong(state.timeMillis());
        out.writeInt(state.entries().size());
        for (StoreEntry entry : state.entries()) {
            writeEntry(entry, out);
        }
        Map<String, Long> sequences = new TreeMap<>(state.sequences());
        out.writeInt(sequences.size());
        for (Map.Entry<String, Long> sequence : sequences.entrySet()) {
            writeText(sequence.getKey(), out);
            out.writeLong(sequence.getValue());
        }
        out.writeLong(state.compactedRevision());
        out.writeInt(state.history().size());
        for (StoreChange change : state.history()) {
            writeChange(change, out);
        }
        out.writeInt(state.remembered().size());
        for (Remembered one : state.remembered()) {
            writeId(one.id(), out);
            out.writeLong(one.timeMillis());
            writeResult(one.result(), out);
        }
    }

    static StoreState readState(DataInput in, StoreLimits limits) throws IOException {
        requireFormat(in);
        long revision = in.readLong();
        long timeMillis = in.readLong();
        int entryCount = in.readInt();
        List<StoreEntry> entries = new ArrayList<>();
        for (int i = 0; i < entryCount; i++) {
            entries.add(readEntry(in));
        }
        int sequenceCount = in.readInt();
        Map<String, Long> sequences = new TreeMap<>();
        for (int i = 0; i < sequenceCount; i++) {
            sequences.put(readText(in), in.readLong());
        }
        StoreState state = new StoreState(limits);
        state.restore(revision, timeMillis, entries, sequences);
        state.history().restore(in.readLong());
        int changeCount = in.readInt();
        for (int i = 0; i < changeCount; i++) {
            state.history().add(shareEntries(readChange(in), state));
        }
        int rememberedCount = in.readInt();
        for (int i = 0; i < rememberedCount; i++) {
            state.remembered().add(new Remembered(readId(in), in.readLong(), readResult(in)));
        }
        return state;
    }

    /** Most of the history is the current value of its key: hold it once. */
    private static StoreChange shareEntries(StoreChange change, StoreState state) {
        List<KeyChange> shared = new ArrayList<>(change.changes().size());
        for (KeyChange key : change.changes()) {
            Optional<StoreEntry> current = state.get(key.key());
            shared.add(current.equals(key.entry()) ? new KeyChange(key.key(), current) : key);
        }
        return new StoreChange(change.revision(), shared);
    }

    private static void writeCommand(Command command, DataOutput out) throws IOException {
        Transaction transaction = command.transaction();
        out.writeByte(FORMAT);
        out.writeLong(command.timeMillis());
        writeId(transaction.id(), out);
        out.writeInt(transaction.conditions().size());
        for (Condition condition : transaction.conditions()) {
            writeText(condition.key(), out);
            out.writeLong(condition.modRevision());
        }
        out.writeInt(transaction.operations().size());
        for (Operation operation : transaction.operations()) {
            writeOperation(operation, out);
        }
    }

    private static Command readCommand(DataInput in) throws IOException {
        requireFormat(in);
        long timeMillis = in.readLong();
        UUID id = readId(in);
        int conditionCount = in.readInt();
        List<Condition> conditions = new ArrayList<>();
        for (int i = 0; i < conditionCount; i++) {
            conditions.add(new Condition(readText(in), in.readLong()));
        }
        int operationCount = in.readInt();
        List<Operation> operations = new ArrayList<>();
        for (int i = 0; i < operationCount; i++) {
            operations.add(readOperation(in));
        }
        return new Command(timeMillis, new Transaction(id, conditions, operations));
    }

    private static void writeOperation(Operation operation, DataOutput out) throws IOException {
        if (operation instanceof Operation.Put put) {
            out.writeByte(PUT);
            writeText(put.key(), out);
            writeText(put.value(), out);
        } else if (operation instanceof Operation.Append append) {
            out.writeByte(APPEND);
            writeText(append.prefix(), out);
            writeText(append.value(), out);
        } else if (operation instanceof Operation.Delete delete) {
            out.writeByte(DELETE);
            writeText(delete.key(), out);
        }
    }

    private static Operation readOperation(DataInput in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case PUT -> new Operation.Put(readText(in), readText(in));
            case APPEND -> new Operation.Append(readText(in), readText(in));
            case DELETE -> new Operation.Delete(readText(in));
            default -> throw new IOException("unknown operation " + kind);
        };
    }

    private static void writeResult(CommitResult result, DataOutput out) throws IOException {
        out.writeBoolean(result.committed());
        out.writeLong(result.revision());
        out.writeInt(result.appendedKeys().size());
        for (String key : result.appendedKeys()) {
            writeText(key, out);
        }
        out.writeBoolean(result.conflictKey().isPresent());
        if (result.conflictKey().isPresent()) {
            writeText(result.conflictKey().get(), out);
        }
    }

    private static CommitResult readResult(DataInput in) throws IOException {
        boolean committed = in.readBoolean();
        long revision = in.readLong();
        int keyCount = in.readInt();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < keyCount; i++) {
            keys.add(readText(in));
        }
        Optional<String> conflictKey = in.readBoolean() ? Optional.of(readText(in)) : Optional.empty();
        return new CommitResult(committed, revision, keys, conflictKey);
    }

    private static void writeChange(StoreChange change, DataOutput out) throws IOException {
        out.writeLong(change.revision());
        out.writeInt(change.changes().size());
        for (KeyChange key : change.changes()) {
            out.writeBoolean(key.entry().isPresent());
            if (key.entry().isPresent()) {
                writeEntry(key.entry().get(), out);
            } else {
                writeText(key.key(), out);
            }
        }
    }

    private static StoreChange readChange(DataInput in) throws IOException {
        long revision = in.readLong();
        int keyCount = in.readInt();
        List<KeyChange> changes = new ArrayList<>();
        for (int i = 0; i < keyCount; i++) {
            if (in.readBoolean()) {
                StoreEntry entry = readEntry(in);
                changes.add(new KeyChange(entry.key(), Optional.of(entry)));
            } else {
                changes.add(new KeyChange(readText(in), Optional.empty()));
            }
        }
        return new StoreChange(revision, changes);
    }

    private static void writeEntry(StoreEntry entry, DataOutput out) throws IOException {
        writeText(entry.key(), out);
        writeText(entry.value(), out);
        out.writeLong(entry.createRevision());
        out.writeLong(entry.modRevision());
    }

    private static StoreEntry readEntry(DataInput in) throws IOException {
        return new StoreEntry(readText(in), readText(in), in.readLong(), in.readLong());
    }

    private static void writeId(UUID id, DataOutput out) throws IOException {
        out.writeLong(id.getMostSignificantBits());
        out.writeLong(id.getLeastSignificantBits());
    }

    private static UUID readId(DataInput in) throws IOException {
        return new UUID(in.readLong(), in.readLong());
    }

    private static void writeText(String text, DataOutput out) throws IOException {
        byte[] utf8 = utf8(text);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String readText(DataInput in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > MAX_COMMAND_BYTES) {
            throw new IOException("a text of " + length + " bytes");
        }
        byte[] utf8 = new byte[length];
        in.readFully(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static void requireFormat(DataInput in) throws IOException {
        byte format = in.readByte();
        if (format != FORMAT) {
            throw new IOException("format " + format + " instead of " + FORMAT);
        }
    }

    private interface Writing {
        void to(DataOutput out) throws IOException;
    }

    /** @param size how many there will be, roughly */
    private static byte[] bytes(int size, Writing writing) {
        var bytes = new Bytes(size);
        try {
            writing.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return bytes.written();
    }

    /** Collects bytes for one thread; if their number was known, without a copy. */
    private static final class Bytes extends OutputStream {

        private byte[] bytes;
        private int length;

        Bytes(int size) {
            bytes = new byte[size];
        }

        @Override
        public void write(int one) {
            grow(1);
            bytes[length++] = (byte) one;
        }

        @Override
        public void write(byte[] from, int offset, int count) {
            grow(count);
            System.arraycopy(from, offset, bytes, length, count);
            length += count;
        }

        private void grow(int count) {
            if (count > bytes.length - length) {
                bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(length, count), 2 * bytes.length));
            }
        }

        byte[] written() {
            return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
        }
    }
}
