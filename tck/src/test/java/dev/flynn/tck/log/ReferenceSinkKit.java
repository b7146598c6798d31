package dev.flynn.tck.log;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import java.time.Duration;
import java.util.List;

/** The kit on sinks whose destination is a list. */
abstract class ReferenceSinkKit extends LogSinkTck {

    final ReferenceSink.Destination destination = new ReferenceSink.Destination();

    @Override
    protected LogSink openSink() {
        return new ReferenceSink(destination);
    }

    @Override
    protected List<LogMessage> delivered(AppId app) {
        return destination.lines();
    }

    @Override
    protected Duration patience() {
        return Duration.ofSeconds(2);
    }

    @Override
    protected void stall() {
        destination.stall(true);
    }

    @Override
    protected void resume() {
        destination.stall(false);
    }
}
