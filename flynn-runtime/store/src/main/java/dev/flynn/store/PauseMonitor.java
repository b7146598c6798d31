package dev.flynn.store;

import java.lang.reflect.Field;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.JvmPauseMonitor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ratis' monitor of pauses. It looks twice a second whether the process stood still, so that a leader which did steps down.
 * Where there are no others that is to no purpose, and it would be a tenth of all that an idle host does; Ratis has no setting
 * to leave it out.
 */
final class PauseMonitor {

    private static final Logger log = LoggerFactory.getLogger(PauseMonitor.class);

    private PauseMonitor() {}

    /** Ends the monitor of a server that was started. Where Ratis keeps it elsewhere, it goes on. */
    static void stop(RaftServer server) {
        try {
            Field field = server.getClass().getDeclaredField("pauseMonitor");
            field.setAccessible(true);
            if (field.get(server) instanceof JvmPauseMonitor monitor) {
                monitor.stop();
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            log.atDebug().setCause(e).log("Ratis' monitor of pauses goes on");
        }
    }
}
