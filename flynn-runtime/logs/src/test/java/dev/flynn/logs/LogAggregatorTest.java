package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogAggregatorTest {

    private static final AppId QUIET = AppId.random();
    private static final AppId LOUD = AppId.random();

    @Test
    void eachAppHasItsOwnLines() {
        var aggregator = new LogAggregator(Long.MAX_VALUE);
        aggregator.add(new SyslogLine(QUIET, 1, Lines.message("quiet")));
        aggregator.add(new SyslogLine(LOUD, 2, Lines.message("loud")));

        assertThat(texts(aggregator, QUIET)).containsExactly("quiet");
        assertThat(texts(aggregator, LOUD)).containsExactly("loud");
        assertThat(texts(aggregator, AppId.random())).isEmpty();
    }

    @Test
    void anAppThatWritesMuchCostsItselfAndNotTheOthers() {
        var aggregator = new LogAggregator(1 << 20);
        for (int i = 0; i < 100; i++) {
            aggregator.add(new SyslogLine(QUIET, i, Lines.message("quiet " + i, Lines.TIME.plusNanos(i))));
        }
        for (int i = 0; i < 5_000; i++) {
            aggregator.add(new SyslogLine(LOUD, i, Lines.message("x".repeat(1_000) + i, Lines.TIME.plusNanos(i))));
        }

        assertThat(texts(aggregator, QUIET)).hasSize(100);
        assertThat(texts(aggregator, LOUD))
                .hasSizeBetween(150, 500)
                .last()
                .asString()
                .endsWith("x4999");
        assertThat(aggregator.buffer(LOUD).weightBytes()).isLessThanOrEqualTo(1 << 20);
    }

    @Test
    void theLatestCursorOfEachHostIsKept() {
        var aggregator = new LogAggregator(Long.MAX_VALUE);
        aggregator.add(Lines.line(3));
        aggregator.add(Lines.line(2));

        assertThat(aggregator.cursors()).containsOnlyKeys("host1").containsEntry("host1", Cursor.of(Lines.line(3)));
    }

    private static List<String> texts(LogAggregator aggregator, AppId app) {
        List<LogMessage> all = aggregator.buffer(app).newest(Integer.MAX_VALUE, message -> true);
        return Lines.texts(all);
    }
}
