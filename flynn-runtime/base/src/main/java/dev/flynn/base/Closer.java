package dev.flynn.base;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what was opened, last opened first, whatever fails on the way. Not thread-safe. */
public final class Closer implements AutoCloseable {

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    public <C extends AutoCloseable> C register(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    /** Closes everything; throws once at the end if something failed. */
    @Override
    public void close() {
        var failure = new IllegalStateException("some components did not close");
        closeAfter(failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    /** Closes everything; what goes wrong is added to the failure that led here. */
    public void closeAfter(Throwable failure) {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure.addSuppressed(e);
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }
}
