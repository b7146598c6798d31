package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LogLinesTest {

    private static LoggingEvent event(@Nullable Throwable failure) {
        var logger = new LoggerContext().getLogger("dev.flynn.distro.HostProcess");
        var event = new LoggingEvent("x", logger, Level.WARN, "took {} ms", failure, new Object[] {7});
        event.setInstant(Instant.parse("2015-12-01T12:00:00.120Z"));
        event.setThreadName("main");
        event.setKeyValuePairs(List.of(new KeyValuePair("job", "vm-1"), new KeyValuePair("port", 80)));
        return event;
    }

    @Test
    void theFullLineSaysWhenWhereAndWhat() {
        assertThat(LogLines.full().doLayout(event(null)))
                .isEqualTo(
                        "2015-12-01T12:00:00.120Z WARN [main] d.f.d.HostProcess took 7 ms job=\"vm-1\" port=\"80\"\n");
    }

    @Test
    void theBriefLineSaysWhat() {
        assertThat(LogLines.brief().doLayout(event(null))).isEqualTo("WARN took 7 ms job=\"vm-1\" port=\"80\"\n");
    }

    @Test
    void aFailureFollowsWithItsStack() {
        assertThat(LogLines.brief().doLayout(event(new IllegalStateException("closed"))))
                .startsWith("WARN took 7 ms job=\"vm-1\" port=\"80\"\njava.lang.IllegalStateException: closed\n")
                .contains("\tat dev.flynn.distro.LogLinesTest.aFailureFollowsWithItsStack");
    }
}
