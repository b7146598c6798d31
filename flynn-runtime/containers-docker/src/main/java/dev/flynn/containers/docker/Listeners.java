package dev.flynn.containers.docker;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.JobListener;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who is told what happens to jobs. Thread-safe. */
final class Listeners {

    private static final Logger log = LoggerFactory.getLogger(Listeners.class);

    private final List<JobListener> all = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Boolean> first = new CompletableFuture<>();

    Subscription add(JobListener listener) {
        all.add(listener);
        first.complete(true);
        return () -> all.remove(listener);
    }

    /** What jobs did while nobody was here waits until somebody listens. */
    void onceThereIsOne(Runnable task) {
        var unused = first.thenRun(task);
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
