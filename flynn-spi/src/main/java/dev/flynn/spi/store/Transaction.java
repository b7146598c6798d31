package dev.flynn.spi.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apiguardian.api.API;

/**
 * A set of operations that happen all together, if all conditions hold, or not at all.
 *
 * <pre>{@code
 * Transaction.builder()
 *         .whenUnchanged("apps/1", 7)
 *         .put("apps/1", json)
 *         .append("events/", event)
 *         .build();
 * }</pre>
 *
 * @param id makes a repetition of the same transaction harmless (CS-8)
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Transaction(UUID id, List<Condition> conditions, List<Operation> operations) {

    /** Keys are 1 to 1024 characters. */
    public static final int MAX_KEY_LENGTH = 1024;

    /** Values are at most 1 MiB of UTF-8, and so is a transaction's sum of them times four. */
    public static final int MAX_VALUE_BYTES = 1 << 20;

    public static final int MAX_TRANSACTION_BYTES = 4 << 20;

    private static final int SEQUENCE_DIGITS = 19;
    private static final int MAX_UTF8_BYTES_PER_UNIT = 3;

    public Transaction {
        requireNonNull(id, "id");
        conditions = List.copyOf(conditions);
        operations = List.copyOf(operations);
        if (maxValueBytes(operations) > MAX_TRANSACTION_BYTES) {
            requireFits(operations);
        }
    }

    private static void requireFits(List<Operation> operations) {
        long bytes = 0;
        for (Operation operation : operations) {
            bytes += operation.valueBytes();
        }
        if (bytes > MAX_TRANSACTION_BYTES) {
            throw FlynnException.invalid("a transaction holds at most %d bytes of values, this one has %d"
                    .formatted(MAX_TRANSACTION_BYTES, bytes));
        }
    }

    /** What the values can have at most, without a look at each character: most transactions are far below the limits. */
    private static long maxValueBytes(List<Operation> operations) {
        long bytes = 0;
        for (Operation operation : operations) {
            if (operation instanceof Operation.Put put) {
                bytes += maxUtf8Length(put.value());
            } else if (operation instanceof Operation.Append append) {
                bytes += maxUtf8Length(append.value());
            }
        }
        return bytes;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A key is as the writer believes: at this revision, or absent with revision 0. */
    public record Condition(String key, long modRevision) {
        public Condition {
            requireKey(key);
            if (modRevision < 0) {
                throw FlynnException.invalid("a revision is not negative, was " + modRevision);
            }
        }
    }

    /** One change. */
    public sealed interface Operation {

        /** How many bytes of UTF-8 the value has. */
        int valueBytes();

        /** Writes a key, whether or not it exists. */
        record Put(String key, String value) implements Operation {
            public Put {
                requireKey(key);
                requireValue(key, value);
            }

            @Override
            public int valueBytes() {
                return utf8Length(value);
            }
        }

        /** Deletes a key; an absent key is fine. */
        record Delete(String key) implements Operation {
            public Delete {
                requireKey(key);
            }

            @Override
            public int valueBytes() {
                return 0;
            }
        }

        /** Writes a new key: the prefix and the next number of its sequence (CS-7). */
        record Append(String prefix, String value) implements Operation {
            public Append {
                requireKey(prefix);
                requireValue(prefix, value);
            }

            @Override
            public int valueBytes() {
                return utf8Length(value);
            }
        }
    }

    /** The key that an append with this number creates: keys of a sequence sort by number. */
    public static String sequenceKey(String prefix, long number) {
        String digits = Long.toString(number);
        return prefix + "0".repeat(SEQUENCE_DIGITS - digits.length()) + digits;
    }

    /** The number of a key that an append created. */
    public static long sequenceNumber(String prefix, String key) {
        return Long.parseLong(key.substring(prefix.length()));
    }

    private static void requireKey(String key) {
        if (key.isEmpty() || key.length() > MAX_KEY_LENGTH) {
            throw FlynnException.invalid(
                    "a key has 1 to %d characters, this one has %d".formatted(MAX_KEY_LENGTH, key.length()));
        }
    }

    private static void requireValue(String key, String value) {
        if (maxUtf8Length(value) <= MAX_VALUE_BYTES) {
            return;
        }
        int bytes = utf8Length(value);
        if (bytes > MAX_VALUE_BYTES) {
            throw FlynnException.invalid(
                    "value of \"%s\" has %d bytes, more than %d".formatted(key, bytes, MAX_VALUE_BYTES));
        }
    }

    private static long maxUtf8Length(String text) {
        return (long) MAX_UTF8_BYTES_PER_UNIT * text.length();
    }

    private static int utf8Length(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (!Character.isSurrogate(unit)) {
                bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
            } else if (Character.isHighSurrogate(unit)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                bytes++; // half a pair is written as a question mark
            }
        }
        return bytes;
    }

    /** Collects conditions and operations in order. */
    public static final class Builder {

        private final UUID id = UUID.randomUUID();
        private final List<Condition> conditions = new ArrayList<>();
        private final List<Operation> operations = new ArrayList<>();

        private Builder() {}

        /** Only if the key is still at this revision. */
        public Builder whenUnchanged(String key, long modRevision) {
            conditions.add(new Condition(key, modRevision));
            return this;
        }

        /** Only if the key does not exist. */
        public Builder whenAbsent(String key) {
            return whenUnchanged(key, 0);
        }

        public Builder put(String key, String value) {
            operations.add(new Operation.Put(key, value));
            return this;
        }

        public Builder delete(String key) {
            operations.add(new Operation.Delete(key));
            return this;
        }

        public Builder append(String prefix, String value) {
            operations.add(new Operation.Append(prefix, value));
            return this;
        }

        public Transaction build() {
            return new Transaction(id, conditions, operations);
        }
    }
}
