package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.log.LogSink;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends lines to a syslog server, as RFC 5424 messages: by TCP or TLS (RFC 6587), or UDP. While the server is away, lines wait
 * in memory: of an app 2 MB, of all 32 MB; what comes then is dropped, counted, and told at that place. What the death of this
 * process must not cost is forwarded from files: {@link SyslogDestination}.
 *
 * <pre>{@code
 * try (LogSink sink = new SyslogSink(SyslogTarget.parse("syslog+tls://logs.example.org:6514"))) {
 *     sink.accept(app, message);
 * }
 * }</pre>
 */
public final class SyslogSink implements LogSink {

    private static final Logger log = LoggerFactory.getLogger(SyslogSink.class);

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);
    private static final long PAUSE_MILLIS = 500;

    private final SyslogTarget target;
    private final Map<AppId, Intake> intakes = new ConcurrentHashMap<>();

    /** Those in which lines wait, each once. */
    private final BlockingQueue<Intake> ready = new LinkedBlockingQueue<>();

    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final Intake wakeUp = new Intake(AppId.random(), waitingBytes);
    private final Thread sender;
    private volatile @Nullable SyslogConnection connection;
    private volatile boolean closed;
    private volatile boolean givenUp;
    private boolean told;
    private long seq;

    public SyslogSink(SyslogTarget target) {
        this.target = target;
        this.sender = new NamedThreads("syslog").newThread(this::run);
        sender.start();
    }

    @Override
    public void accept(AppId app, LogMessage message) {
        Intake intake = intakes.computeIfAbsent(app, id -> new Intake(id, waitingBytes));
        if (closed) {
            intake.close();
        }
        switch (intake.add(message, false)) {
            case WAITS -> {}
            case FIRST -> ready.add(intake);
            case DROPPED -> dropped.incrementAndGet();
        }
    }

    @Override
    public boolean flush(AppId app, Duration patience) {
        Intake intake = intakes.get(app);
        return intake == null || intake.awaitSettled(patience);
    }

    @Override
    public long dropped() {
        return dropped.get();
    }

    private void run() {
        try {
            while (!closed || !ready.isEmpty()) {
                Intake intake = ready.take();
                if (intake != wakeUp) {
                    send(intake);
                }
            }
        } catch (InterruptedException closing) {
            log.atDebug().log("interrupted");
        }
        hangUp();
    }

    private void send(Intake intake) throws InterruptedException {
        List<LogMessage> messages = intake.take();
        List<SyslogLine> lines = new ArrayList<>(messages.size());
        messages.forEach(message -> lines.add(new SyslogLine(intake.app(), ++seq, message)));
        int sent = 0;
        while (sent < lines.size() && !givenUp) {
            try {
                sent = connected().send(lines, sent);
            } catch (IOException e) {
                hangUp();
                failed(e);
                TimeUnit.MILLISECONDS.sleep(givenUp ? 0 : PAUSE_MILLIS);
            }
        }
        dropped.addAndGet(lines.size() - sent);
        intake.settle(messages);
        if (intake.hasGap()) {
            ready.add(intake);
        }
    }

    private SyslogConnection connected() throws IOException {
        SyslogConnection open = connection;
        if (open == null) {
            open = SyslogConnection.open(target);
            connection = open;
            if (told) {
                told = false;
                log.atInfo().addKeyValue("to", target).log("lines of logs are sent again");
            }
        }
        return open;
    }

    private void failed(IOException e) {
        if (!told) {
            told = true;
            log.atWarn().addKeyValue("to", target).setCause(e).log("lines of logs wait: they are not taken");
        }
    }

    private void hangUp() {
        SyslogConnection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException alreadyBroken) {
                // it is of no use any more
            }
        }
    }

    /** Sends what waits, for up to three seconds, then stops. */
    @Override
    public void close() {
        closed = true;
        intakes.values().forEach(Intake::close);
        ready.add(wakeUp);
        try {
            sender.join(CLOSE_PATIENCE.toMillis());
            givenUp = true;
            hangUp();
            sender.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sender.interrupt();
        intakes.values().forEach(Intake::end);
    }
}
