package dev.flynn.containers.builtin;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.container.JobListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the listeners what happens to one job, in order and one call at a time. Its thread is not one of the job's: a
 * listener may log without that becoming output of the job, and holds no lock that the job's threads wait for.
 */
final class JobDelivery {

    private static final Logger log = LoggerFactory.getLogger(JobDelivery.class);

    /** Pieces of output that wait for the listeners; a job that writes more waits too. */
    private static final int CAPACITY = 1_000;

    private final JobId job;
    private final List<JobListener> listeners;
    private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>(CAPACITY);
    private final CountDownLatch over = new CountDownLatch(1);
    private boolean ended;

    JobDelivery(JobId job, List<JobListener> listeners) {
        this.job = job;
        this.listeners = listeners;
    }

    /** @param threads makes the thread that calls the listeners */
    void start(NamedThreads threads) {
        threads.newThread(this::deliver).start();
    }

    /** Nothing is told after {@code DOWN}. */
    void status(JobStatus status) {
        enqueue(listener -> listener.onStatus(status), status.isDown());
    }

    void output(OutputStreamKind stream, byte[] bytes) {
        enqueue(listener -> listener.onOutput(job, stream, bytes), false);
    }

    private synchronized void enqueue(Consumer<JobListener> tell, boolean last) {
        if (ended) {
            return;
        }
        ended = last;
        var call = new Call(tell, last);
        if (calls.offer(call)) {
            return;
        }
        try {
            calls.put(call);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (last) {
                makeRoomFor(call);
            }
        }
    }

    /** The end of a job is told, whatever becomes of its last output. */
    private void makeRoomFor(Call call) {
        while (!calls.offer(call)) {
            calls.poll();
        }
    }

    private void deliver() {
        try {
            Call call;
            do {
                call = calls.take();
                Consumer<JobListener> tell = call.tell();
                listeners.forEach(listener -> guarded(() -> tell.accept(listener)));
            } while (!call.last());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            over.countDown();
        }
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            log.atError().addKeyValue("job", job).setCause(e).log("a listener failed");
        }
    }

    /** Whether everything was told by then. */
    boolean awaitOver(Duration patience) {
        try {
            return over.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return over.getCount() == 0;
        }
    }

    private record Call(Consumer<JobListener> tell, boolean last) {}
}
