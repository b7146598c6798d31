package dev.flynn.containers.docker;

import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the streams of all jobs on one thread, so that a job that writes nothing costs a descriptor and no thread. */
final class StreamLoop implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StreamLoop.class);

    private static final int BUFFER = 64 * 1024;
    private static final long CHECK_MILLIS = 500;

    /** Who takes what is read; called on the loop's thread and must not block. */
    interface Sink {

        /** Takes bytes; the answer is whether to go on reading now, or when {@link Reading#resume} is called. */
        boolean take(ByteBuffer bytes);

        /** Asked now and then of a stream that is not read: whether it must be, however much is waiting. */
        boolean isUrgent();

        /** The other side closed the stream, or it broke; not told when it was closed here. */
        void ended();
    }

    private final Selector selector;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final Set<Reading> paused = new HashSet<>();
    private final Thread thread;
    private volatile boolean closed;

    StreamLoop() {
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.thread = new NamedThreads("docker-streams").newThread(this::run);
        thread.start();
    }

    /** Takes over a connection and reads it until it ends. */
    Reading read(EngineConnection connection, Sink sink) {
        connection.stopBlocking();
        var reading = new Reading(connection, sink);
        submit(reading::begin);
        return reading;
    }

    private void submit(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    private void run() {
        while (!closed) {
            try {
                selector.select(paused.isEmpty() ? 0 : CHECK_MILLIS);
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    ((Reading) key.attachment()).ready();
                }
                selector.selectedKeys().clear();
                List.copyOf(paused).forEach(Reading::check);
            } catch (IOException | RuntimeException e) {
                log.atError().setCause(e).log("reading the output of jobs failed");
            }
        }
        selector.keys().forEach(key -> ((Reading) key.attachment()).connection.close());
        try {
            selector.close();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("cannot close");
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A connection that is being read. */
    final class Reading implements AutoCloseable {

        private final EngineConnection connection;
        private final Sink sink;
        private boolean over;

        private Reading(EngineConnection connection, Sink sink) {
            this.connection = connection;
            this.sink = sink;
        }

        /** Goes on after a sink that wanted no more. */
        void resume() {
            submit(() -> interest(SelectionKey.OP_READ));
        }

        @Override
        public void close() {
            submit(this::release);
        }

        private void begin() {
            if (over) {
                return;
            }
            try {
                connection.channel().register(selector, SelectionKey.OP_READ, this);
            } catch (ClosedChannelException e) {
                end();
                return;
            }
            if (connection.received().hasRemaining()) {
                give(connection.received());
            }
        }

        private void ready() {
            if (over) {
                return;
            }
            buffer.clear();
            int count;
            try {
                count = connection.channel().read(buffer);
            } catch (IOException e) {
                count = -1;
            }
            if (count < 0) {
                end();
            } else if (count > 0) {
                give(buffer.flip());
            }
        }

        private void give(ByteBuffer bytes) {
            if (!sink.take(bytes)) {
                interest(0);
            }
        }

        private void check() {
            if (sink.isUrgent()) {
                interest(SelectionKey.OP_READ);
            }
        }

        private void interest(int operations) {
            SelectionKey key = connection.channel().keyFor(selector);
            if (!over && key != null && key.isValid()) {
                key.interestOps(operations);
                if (operations == 0) {
                    paused.add(this);
                } else {
                    paused.remove(this);
                }
            }
        }

        private void end() {
            release();
            sink.ended();
        }

        private void release() {
            over = true;
            paused.remove(this);
            connection.close();
        }
    }
}
