package dev.flynn.store;

import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ThreadFactory;
import org.apache.ratis.server.protocol.TermIndex;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes one snapshot at a time beside everything else, since nothing is applied while Ratis itself has one taken. */
final class SnapshotWriter {

    private static final Logger log = LoggerFactory.getLogger(SnapshotWriter.class);

    /** A snapshot that is completely on disk. */
    record Written(TermIndex index, Path file) {}

    private final Snapshots snapshots;
    private final Runnable onWritten;
    private final ThreadFactory threads = new NamedThreads("store-snapshot");

    // guarded by this
    private @Nullable Thread writing;
    private @Nullable Written written;

    /** @param onWritten called after each snapshot */
    SnapshotWriter(Snapshots snapshots, Runnable onWritten) {
        this.snapshots = snapshots;
        this.onWritten = onWritten;
    }

    synchronized boolean isBusy() {
        return writing != null || written != null;
    }

    /** Begins to write a state as it was after that entry of the log. */
    synchronized void write(StoreImage image, TermIndex index) {
        Thread thread = threads.newThread(() -> writeAndTell(image, index));
        writing = thread;
        thread.start();
    }

    private void writeAndTell(StoreImage image, TermIndex index) {
        try {
            Written done = write(snapshots, image, index);
            synchronized (this) {
                written = done;
            }
            onWritten.run();
        } catch (IOException | RuntimeException e) {
            log.atWarn().setCause(e).log("no snapshot was written; the log grows until one is");
        } finally {
            synchronized (this) {
                writing = null;
            }
        }
    }

    static Written write(Snapshots snapshots, StoreImage image, TermIndex index) throws IOException {
        Path file = snapshots.fileOf(index);
        SnapshotFile.write(image, file);
        return new Written(index, file);
    }

    /** The snapshot that has been written since this was last asked, if there is one. */
    synchronized @Nullable Written take() {
        @Nullable Written taken = written;
        written = null;
        return taken;
    }

    /** Waits until nothing is being written. */
    void await() {
        @Nullable Thread current;
        synchronized (this) {
            current = writing;
        }
        boolean interrupted = false;
        while (current != null && current.isAlive()) {
            try {
                current.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
