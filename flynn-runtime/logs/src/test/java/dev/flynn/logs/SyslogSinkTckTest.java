package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import dev.flynn.tck.log.LogSinkTck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

class SyslogSinkTckTest extends LogSinkTck {

    private TestSyslogServer server;

    @Override
    protected LogSink openSink() {
        try {
            server = TestSyslogServer.tcp(SyslogTarget.Framing.OCTET_COUNTING, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new SyslogSink(SyslogTarget.parse("syslog://127.0.0.1:" + server.port()));
    }

    @Override
    protected List<LogMessage> delivered(AppId app) {
        return server.lines(app);
    }

    @Override
    protected void stall() {
        server.stall(true);
    }

    @Override
    protected void resume() {
        server.stall(false);
    }

    @AfterEach
    void closeServer() throws IOException {
        server.close();
    }
}
