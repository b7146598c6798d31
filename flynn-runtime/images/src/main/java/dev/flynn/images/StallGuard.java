package dev.flynn.images;

import dev.flynn.base.NamedThreads;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Ends what waits for a registry that says nothing any more. */
final class StallGuard implements AutoCloseable {

    private final Duration patience;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(new NamedThreads("images-timer"));

    StallGuard(Duration patience) {
        this.patience = patience;
    }

    /** Interrupts work that takes too long; it has to end then. */
    <T> T within(SingleFlight.Work<T> work) throws IOException {
        var alarm = new Alarm(Thread.currentThread());
        Future<?> timeout = timer.schedule(alarm::ring, patience.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return work.run();
        } catch (IOException | RuntimeException e) {
            if (alarm.disarm()) {
                throw stalled(e);
            }
            throw e;
        } finally {
            alarm.disarm();
            timeout.cancel(false);
        }
    }

    /**
     * A stream that fails when nothing comes for too long.
     *
     * @param failure what is thrown when it fails, for that or another reason
     */
    InputStream guard(InputStream in, UnaryOperator<IOException> failure) {
        return new Guarded(in, failure);
    }

    private IOException stalled(Exception cause) {
        var timeout = new SocketTimeoutException("nothing came for %d seconds".formatted(patience.toSeconds()));
        timeout.initCause(cause);
        return timeout;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** Interrupts a thread, once, and only while it is armed. */
    private static final class Alarm {

        private final Thread thread;
        private boolean armed = true;
        private boolean rang;

        Alarm(Thread thread) {
            this.thread = thread;
        }

        synchronized void ring() {
            if (armed) {
                rang = true;
                thread.interrupt();
            }
        }

        /** Whether it rang; the interruption was for what is over then. */
        synchronized boolean disarm() {
            if (armed && rang) {
                Thread.interrupted();
            }
            armed = false;
            return rang;
        }
    }

    private final class Guarded extends FilterInputStream {

        private final Future<?> check;
        private final UnaryOperator<IOException> failure;
        private volatile long lastRead = System.nanoTime();
        private volatile boolean stalled;

        Guarded(InputStream in, UnaryOperator<IOException> failure) {
            super(in);
            this.failure = failure;
            long period = Math.max(1, patience.toMillis() / 4);
            this.check = timer.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
        }

        private void look() {
            if (System.nanoTime() - lastRead > patience.toNanos()) {
                stalled = true;
                try {
                    in.close();
                } catch (IOException e) {
                    // the reader fails all the same
                }
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            lastRead = System.nanoTime();
            try {
                int count = super.read(buffer, offset, length);
                if (stalled) {
                    throw new IOException("closed");
                }
                return count;
            } catch (IOException e) {
                throw failure.apply(stalled ? stalled(e) : e);
            } finally {
                lastRead = System.nanoTime();
            }
        }

        @Override
        public void close() throws IOException {
            check.cancel(false);
            super.close();
        }
    }
}
