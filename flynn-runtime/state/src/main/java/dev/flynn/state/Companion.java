package dev.flynn.state;

import java.util.function.Supplier;

/**
 * Something that is stored together with the first change that a thread makes while this is open: in the same transaction, so
 * that either both are there or none. What a thread changes after that goes without it. Of the thread that opened it alone, but
 * for {@link #isStored}.
 */
public final class Companion implements AutoCloseable {

    private final String prefix;
    private final Supplier<String> value;
    private final Runnable onClose;
    private volatile boolean stored;

    Companion(String prefix, Supplier<String> value, Runnable onClose) {
        this.prefix = prefix;
        this.value = value;
        this.onClose = onClose;
    }

    String prefix() {
        return prefix;
    }

    String value() {
        return value.get();
    }

    void setStored() {
        stored = true;
    }

    /** Whether a change was made, and this is in the store. */
    public boolean isStored() {
        return stored;
    }

    @Override
    public void close() {
        onClose.run();
    }
}
