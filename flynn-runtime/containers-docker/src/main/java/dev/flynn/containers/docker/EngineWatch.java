package dev.flynn.containers.docker;

import java.nio.ByteBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows when the engine went away: a connection that stays open tells. What ended while the same engine was there ended by
 * itself; what ended with the engine has to be looked at again.
 */
final class EngineWatch implements AutoCloseable, StreamLoop.Sink {

    private static final Logger log = LoggerFactory.getLogger(EngineWatch.class);

    /** Of something that never happens: only the connection matters. */
    private static final String NOTHING =
            "/events?filters=%7B%22type%22%3A%5B%22daemon%22%5D%2C%22event%22%3A%5B%22reload%22%5D%7D";

    private final Engine engine;
    private final StreamLoop loop;
    private final ExecutorService workers;
    private final AtomicLong lives = new AtomicLong();
    private volatile boolean closed;

    EngineWatch(Engine engine, StreamLoop loop, ExecutorService workers) {
        this.engine = engine;
        this.loop = loop;
        this.workers = workers;
    }

    void open() {
        try {
            workers.execute(this::connect);
        } catch (RejectedExecutionException e) {
            log.atDebug().log("closed meanwhile");
        }
    }

    /** A number that changes when the engine goes away. */
    long life() {
        return lives.get();
    }

    private void connect() {
        try {
            EngineConnection connection = engine.persist(() -> engine.stream(NOTHING), () -> !closed);
            if (lives.get() > 0) {
                log.atInfo().log("the engine is back");
            }
            loop.read(connection, this);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!closed) {
                log.atWarn().setCause(e).log("cannot watch the engine");
            }
        }
    }

    @Override
    public boolean take(ByteBuffer bytes) {
        bytes.position(bytes.limit());
        return true;
    }

    @Override
    public boolean isUrgent() {
        return true;
    }

    @Override
    public void ended() {
        if (!closed) {
            lives.incrementAndGet();
            log.atWarn().log("the engine went away; jobs go on, and are looked at again when it is back");
            open();
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
