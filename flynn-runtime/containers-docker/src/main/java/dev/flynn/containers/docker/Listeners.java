package dev.flynn.containers.docker;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.JobListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who is told what happens to jobs. Thread-safe. */
final class Listeners {

    private static final Logger log = LoggerFactory.getLogger(Listeners.class);

    private final List<JobListener> all = new CopyOnWriteArrayList<>();
    private final CountDownLatch first = new CountDownLatch(1);

    Subscription add(JobListener listener) {
        all.add(listener);
        first.countDown();
        return () -> all.remove(listener);
    }

    /** What jobs did while nobody was here is kept until somebody listens, for some time. */
    void awaitFirst(Duration patience) throws InterruptedException {
        if (!first.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            log.atDebug().log("nobody listens");
        }
    }

    void tell(JobStatus status) {
        all.forEach(listener -> guarded(status.id(), () -> listener.onStatus(status)));
    }

    void deliver(JobId job, OutputStreamKind stream, byte[] bytes) {
        all.forEach(listener -> guarded(job, () -> listener.onOutput(job, stream, bytes)));
    }

    void clear() {
        all.clear();
    }

    /** A listener that fails is its own loss, not the job's. */
    private static void guarded(JobId job, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            log.atError().addKeyValue("job", job).setCause(e).log("a listener failed");
        }
    }
}
