package dev.flynn.distro;

import ch.qos.logback.classic.pattern.Abbreviator;
import ch.qos.logback.classic.pattern.TargetLengthBasedClassNameAbbreviator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.event.KeyValuePair;

/** Log events as text: {@code 2015-12-01T12:00:00.000Z INFO [main] d.f.d.HostProcess message key="value"}. */
final class LogLines extends LayoutBase<ILoggingEvent> {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneOffset.UTC);
    private static final Abbreviator SHORT = new TargetLengthBasedClassNameAbbreviator(1);

    private final boolean withOrigin;

    private LogLines(boolean withOrigin) {
        this.withOrigin = withOrigin;
    }

    /** With time, thread and logger. */
    static LogLines full() {
        return new LogLines(true);
    }

    /** For a log that has time and process already. */
    static LogLines brief() {
        return new LogLines(false);
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        var line = new StringBuilder(200);
        if (withOrigin) {
            TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
            line.append(' ');
        }
        line.append(event.getLevel()).append(' ');
        if (withOrigin) {
            line.append('[').append(event.getThreadName()).append("] ");
            line.append(SHORT.abbreviate(event.getLoggerName())).append(' ');
        }
        line.append(event.getFormattedMessage());
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair pair : event.getKeyValuePairs()) {
                line.append(' ')
                        .append(pair.key)
                        .append("=\"")
                        .append(pair.value)
                        .append('"');
            }
        }
        line.append('\n');
        if (event.getThrowableProxy() != null) {
            line.append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        return line.toString();
    }
}
