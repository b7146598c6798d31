package dev.flynn.host.api;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.state.JobRecord;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What happens to this host's jobs, told to all who listen: in the order in which the store has it, each thing once. It
 * watches the store while somebody listens. Thread-safe.
 */
final class EventHub implements AutoCloseable {

    private final HostJobs jobs;
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private final Object lock = new Object();

    // guarded by lock
    private @Nullable Watch watch;

    EventHub(HostJobs jobs) {
        this.jobs = jobs;
    }

    /** Is told on a thread of the store; must be quick. */
    interface Listener {

        /** Of which job it wants to hear; of all if empty. */
        Optional<String> job();

        /** @param frame the event as a stream has it */
        void onEvent(JobEvents.Kind kind, byte[] frame);

        /** Nothing more comes. */
        void onEnd(String reason);
    }

    /**
     * Tells of everything that happens from now on, until what is returned is closed.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if the store does not answer
     */
    Subscription listen(Listener listener) {
        synchronized (lock) {
            if (watch == null) {
                watch = new Watch();
            }
            listeners.add(listener);
        }
        return () -> leave(listener);
    }

    /** Not on the thread that tells: the store may wait for what it delivers. */
    private void leave(Listener listener) {
        Watch idle = null;
        synchronized (lock) {
            if (listeners.remove(listener) && listeners.isEmpty()) {
                idle = watch;
                watch = null;
            }
        }
        if (idle != null) {
            idle.close();
        }
    }

    int listeners() {
        return listeners.size();
    }

    @Override
    public void close() {
        Watch last;
        synchronized (lock) {
            last = watch;
            watch = null;
        }
        if (last != null) {
            last.close();
        }
        endAll("the host's API was stopped");
    }

    private void ended(Watch over, String reason) {
        synchronized (lock) {
            if (watch == over) {
                watch = null;
            }
        }
        endAll(reason);
    }

    private void endAll(String reason) {
        for (Listener listener : listeners) {
            listeners.remove(listener);
            listener.onEnd(reason);
        }
    }

    private final class Watch implements StoreWatcher, AutoCloseable {

        private final Map<String, JobRecord> known = new HashMap<>();
        private final Subscription subscription;
        private volatile boolean closed;

        Watch() {
            var snapshot = jobs.snapshot();
            snapshot.entries().forEach(this::remember);
            subscription = jobs.watch(snapshot.revision(), this);
        }

        private @Nullable JobRecord remember(StoreEntry entry) {
            return known.put(entry.key(), jobs.parse(entry));
        }

        @Override
        public void onChange(StoreChange change) {
            if (closed) {
                return;
            }
            for (StoreChange.KeyChange key : change.changes()) {
                if (key.entry().isPresent()) {
                    JobRecord before = remember(key.entry().get());
                    JobRecord now = known.get(key.key());
                    if (now != null && !closed) {
                        JobEvents.between(before, now).forEach(kind -> tell(kind, now));
                    }
                } else {
                    known.remove(key.key());
                }
            }
        }

        @Override
        public void onEnd(FlynnException reason) {
            if (!closed) {
                closed = true;
                ended(this, reason.getMessage());
            }
        }

        @Override
        public void close() {
            closed = true;
            subscription.close();
        }
    }

    private void tell(JobEvents.Kind kind, JobRecord job) {
        String id = job.id().value();
        byte[] frame = null;
        for (Listener listener : listeners) {
            if (listener.job().map(id::equals).orElse(true)) {
                if (frame == null) {
                    frame = frame(kind, job);
                }
                listener.onEvent(kind, frame);
            }
        }
    }

    private byte[] frame(JobEvents.Kind kind, JobRecord job) {
        var event = new JobForms.EventForm(kind.wireName(), job.id().value(), ActiveJobs.of(job));
        return ("data: " + jobs.json().write(event) + "\n\n").getBytes(StandardCharsets.UTF_8);
    }
}
