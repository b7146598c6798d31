package dev.flynn.discovery;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watcher and what it has yet to be told. Whoever has the turn tells it: first the thread that began the watch, then one
 * thread at a time, so that a slow watcher delays nobody but itself.
 */
final class Watch implements Subscription {

    private static final Logger log = LoggerFactory.getLogger(Watch.class);

    /** How many changes a watcher may be behind. */
    static final int LONGEST_QUEUE = 1 << 16;

    private record Step(long revision, List<DiscoveryEvent> events) {}

    private final DiscoveryWatcher watcher;
    private final Executor threads;
    private final Consumer<Watch> leave;

    // guarded by this
    private final Queue<Step> queue = new ArrayDeque<>();
    private boolean turnTaken = true;
    private long toldFromStart;
    private boolean ended;
    private @Nullable FlynnException end;

    /** @param leave called once this is closed */
    Watch(DiscoveryWatcher watcher, Executor threads, Consumer<Watch> leave) {
        this.watcher = watcher;
        this.threads = threads;
        this.leave = leave;
    }

    /** Tells what was true at a revision, on this thread; of what comes in only what is newer is told, elsewhere. */
    void begin(long revision, List<DiscoveryEvent> current) {
        current.forEach(this::tell);
        synchronized (this) {
            // what was read may be ahead of the changes that come in
            toldFromStart = revision;
            queue.removeIf(step -> step.revision() <= revision);
            turnTaken = false;
            giveTurn();
        }
    }

    /** A change; costs the caller next to nothing. */
    synchronized void offer(long revision, List<DiscoveryEvent> events) {
        if (ended || revision <= toldFromStart) {
            return;
        }
        if (queue.size() == LONGEST_QUEUE) {
            endLater(new FlynnException(
                    ErrorCode.COMPACTED,
                    "this watch is %d changes behind and ends; watch again".formatted(LONGEST_QUEUE)));
            return;
        }
        queue.add(new Step(revision, events));
        giveTurn();
    }

    /** Ends this watch; the watcher is told by whoever has the turn, or by this thread. */
    void end(FlynnException reason) {
        synchronized (this) {
            if (ended) {
                return;
            }
            endLater(reason);
            if (turnTaken) {
                return;
            }
            turnTaken = true;
        }
        run();
    }

    private void endLater(FlynnException reason) {
        ended = true;
        end = reason;
        queue.clear();
    }

    private void giveTurn() {
        if (!turnTaken && (!queue.isEmpty() || end != null)) {
            turnTaken = true;
            threads.execute(this::run);
        }
    }

    private void run() {
        while (true) {
            Step step;
            FlynnException reason;
            synchronized (this) {
                step = queue.poll();
                reason = end;
                if (step == null && reason == null) {
                    turnTaken = false;
                    return;
                }
                end = null;
            }
            if (step != null) {
                step.events().forEach(this::tell);
            }
            if (reason != null) {
                tellEnd(reason);
            }
        }
    }

    private void tell(DiscoveryEvent event) {
        synchronized (this) {
            if (ended) {
                return;
            }
        }
        try {
            watcher.onEvent(event);
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("event", event).log("watcher failed; it goes on with the next event");
        }
    }

    private void tellEnd(FlynnException reason) {
        try {
            watcher.onEnd(reason);
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("watcher failed at its end");
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            ended = true;
            end = null;
            queue.clear();
        }
        leave.accept(this);
    }
}
