package dev.flynn.store;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.reflect.Field;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener's watch over its leader: a thread of Ratis that wakes up now and then, and does nothing, since listeners do not
 * elect. When the listener becomes a voter, Ratis (3.3.0) waits for that thread's end while it holds the lock that the thread takes
 * when it wakes up. If both happen at once, the replica hangs for good, and with it the majority that it was to be part of. So
 * the thread is ended before.
 */
final class IdleWatch {

    private static final Logger log = LoggerFactory.getLogger(IdleWatch.class);

    private static final String KIND = "FollowerState";

    private IdleWatch() {}

    /** Ends it, if this peer is a listener; otherwise does nothing. Returns when it has ended. */
    static void end(RaftServer.Division peer) throws IOException {
        if (!peer.getInfo().isListener()) {
            return;
        }
        ThreadGroup group = peer.getThreadGroup();
        Thread[] threads = new Thread[group.activeCount() + 16];
        int count = group.enumerate(threads);
        for (int i = 0; i < count; i++) {
            if (isWatch(threads[i], peer)) {
                end(threads[i]);
            }
        }
    }

    private static boolean isWatch(Thread thread, RaftServer.Division peer) {
        if (!thread.getClass().getSimpleName().equals(KIND)) {
            return false;
        }
        try {
            Field server = thread.getClass().getDeclaredField("server");
            server.setAccessible(true);
            return server.get(thread) == peer;
        } catch (ReflectiveOperationException | RuntimeException e) {
            log.atWarn().setCause(e).log("Ratis keeps its watch over leaders elsewhere; a promotion may hang");
            return false;
        }
    }

    private static void end(Thread watch) throws InterruptedIOException {
        watch.interrupt();
        try {
            watch.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }
}
