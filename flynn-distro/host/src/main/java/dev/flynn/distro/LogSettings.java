package dev.flynn.distro;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.jul.LevelChangePropagator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.FileSize;
import java.util.Map;

/**
 * What is logged where: builtin jobs into their apps' logs, everything into the host's own log, of which two times 20 MB are
 * kept. A file named by the system property {@code logback.configurationFile} takes its place.
 *
 * <p>In Java, since reading it from XML would take a tenth of the time in which the host starts.
 */
public final class LogSettings extends ContextAwareBase implements Configurator {

    /** System property: the host's own log; without it there is none. */
    static final String FILE = "flynn.log";

    private static final FileSize MAX_SIZE = new FileSize(20 * FileSize.MB_COEFFICIENT);
    private static final Map<String, Level> LEVELS = Map.of(
            "org.apache.ratis",
            Level.WARN,
            "org.glassfish",
            Level.WARN,
            "io.netty",
            Level.WARN,
            "land.oras", // what it logs with stack traces is told to whoever wanted the image
            Level.OFF);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty("logback.configurationFile") != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        tellJavaUtilLogging(context);
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(started(new JobLogAppender(), context));
        String file = System.getProperty(FILE);
        if (file != null) {
            root.addAppender(hostLog(file, context));
        }
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** So that what is not logged there costs nothing. */
    private static void tellJavaUtilLogging(LoggerContext context) {
        var levels = new LevelChangePropagator();
        levels.setContext(context);
        levels.start();
        context.addListener(levels);
    }

    private static Appender<ILoggingEvent> hostLog(String file, LoggerContext context) {
        var appender = new RollingFileAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setFile(file);

        var older = new FixedWindowRollingPolicy();
        older.setContext(context);
        older.setParent(appender);
        older.setFileNamePattern(file + ".%i");
        older.setMinIndex(1);
        older.setMaxIndex(1);
        older.start();
        appender.setRollingPolicy(older);

        var whenLarge = new SizeBasedTriggeringPolicy<ILoggingEvent>();
        whenLarge.setContext(context);
        whenLarge.setMaxFileSize(MAX_SIZE);
        whenLarge.start();
        appender.setTriggeringPolicy(whenLarge);

        var lines = new LayoutWrappingEncoder<ILoggingEvent>();
        lines.setContext(context);
        lines.setLayout(LogLines.full());
        lines.start();
        appender.setEncoder(lines);
        appender.start();
        return appender;
    }

    private static Appender<ILoggingEvent> started(Appender<ILoggingEvent> appender, LoggerContext context) {
        appender.setContext(context);
        appender.start();
        return appender;
    }
}
