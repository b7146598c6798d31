package dev.flynn.router.table;

import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.router.RouterListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners which backends have nothing in flight any more, on one thread. Thread-safe. */
public final class Drains {

    private static final Logger log = LoggerFactory.getLogger(Drains.class);

    private final Executor executor;
    private final List<RouterListener> listeners = new CopyOnWriteArrayList<>();

    /** @param executor runs one task at a time and in order */
    public Drains(Executor executor) {
        this.executor = executor;
    }

    public Subscription watch(RouterListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    public void tell(Backend backend) {
        try {
            executor.execute(() -> listeners.forEach(listener -> tell(listener, backend)));
        } catch (RejectedExecutionException closed) {
            log.atDebug().addKeyValue("backend", backend).log("drained after the end of the router");
        }
    }

    private static void tell(RouterListener listener, Backend backend) {
        try {
            listener.backendDrained(backend.addr());
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a listener of the router failed");
        }
    }
}
