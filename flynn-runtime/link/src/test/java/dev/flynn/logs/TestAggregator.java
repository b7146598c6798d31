package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.util.List;

/** A log aggregator that takes lines of other hosts and has no HTTP. */
public final class TestAggregator implements AutoCloseable {

    private final LogAggregator aggregator = new LogAggregator(LogAggregator.DEFAULT_MAX_BYTES);
    private final Subscription subscription;

    public TestAggregator(LocalAggregators aggregators) {
        subscription = aggregators.add(aggregator);
    }

    public List<String> lines(AppId app) {
        return aggregator.buffer(app).newest(Integer.MAX_VALUE, line -> true).stream()
                .map(LogMessage::message)
                .toList();
    }

    @Override
    public void close() {
        subscription.close();
    }
}
