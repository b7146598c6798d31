package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.log.LogSink;
import dev.flynn.tck.log.LogSinkTck;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** The destination is whoever reads along, which the files are written before. */
class LogMuxTckTest extends LogSinkTck {

    @TempDir
    Path directory;

    private final List<SyslogLine> delivered = new ArrayList<>();
    private final Object gate = new Object();
    private boolean stalled;

    @Override
    protected LogSink openSink() {
        var mux = new LogMux(directory, LogRotation.DEFAULTS, new DiskReserve(directory, 0));
        mux.subscribe(line -> {
            synchronized (gate) {
                while (stalled) {
                    awaitGo();
                }
                delivered.add(line);
            }
        });
        return mux;
    }

    private void awaitGo() {
        try {
            gate.wait();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected List<LogMessage> delivered(AppId app) {
        synchronized (gate) {
            return delivered.stream()
                    .filter(line -> line.app().equals(app))
                    .map(SyslogLine::message)
                    .toList();
        }
    }

    @Override
    protected void stall() {
        synchronized (gate) {
            stalled = true;
        }
    }

    @Override
    protected void resume() {
        synchronized (gate) {
            stalled = false;
            gate.notifyAll();
        }
    }
}
