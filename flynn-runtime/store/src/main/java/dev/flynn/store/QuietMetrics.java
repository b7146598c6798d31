package dev.flynn.store;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.ratis.metrics.LongCounter;
import org.apache.ratis.metrics.MetricRegistries;
import org.apache.ratis.metrics.MetricRegistryInfo;
import org.apache.ratis.metrics.RatisMetricRegistry;
import org.apache.ratis.metrics.Timekeeper;
import org.apache.ratis.util.TimeDuration;

/**
 * Ratis' measurements of itself, which nobody reads: they took a twentieth of the time of a put. Ratis finds this by {@code
 * ServiceLoader}.
 */
public final class QuietMetrics extends MetricRegistries {

    private static final Timekeeper.Context NO_TIME = () -> 0;
    private static final Timekeeper TIMEKEEPER = () -> NO_TIME;
    private static final LongCounter COUNTER = new LongCounter() {
        @Override
        public void inc(long by) {}

        @Override
        public void dec(long by) {}

        @Override
        public long getCount() {
            return 0;
        }
    };

    private final Set<MetricRegistryInfo> names = ConcurrentHashMap.newKeySet();

    /** For {@code ServiceLoader}. */
    public QuietMetrics() {}

    private record Quiet(MetricRegistryInfo name) implements RatisMetricRegistry {

        @Override
        public Timekeeper timer(String timer) {
            return TIMEKEEPER;
        }

        @Override
        public LongCounter counter(String counter) {
            return COUNTER;
        }

        @Override
        public boolean remove(String metric) {
            return false;
        }

        @Override
        public <T> void gauge(String gauge, Supplier<Supplier<T>> value) {}

        @Override
        public MetricRegistryInfo getMetricRegistryInfo() {
            return name;
        }
    }

    @Override
    public void clear() {
        names.clear();
    }

    @Override
    public RatisMetricRegistry create(MetricRegistryInfo name) {
        names.add(name);
        return new Quiet(name);
    }

    @Override
    public boolean remove(MetricRegistryInfo name) {
        return names.remove(name);
    }

    @Override
    public Optional<RatisMetricRegistry> get(MetricRegistryInfo name) {
        return names.contains(name) ? Optional.of(new Quiet(name)) : Optional.empty();
    }

    @Override
    public Set<MetricRegistryInfo> getMetricRegistryInfos() {
        return Set.copyOf(names);
    }

    @Override
    public Collection<RatisMetricRegistry> getMetricRegistries() {
        return List.of();
    }

    @Override
    public void addReporterRegistration(Consumer<RatisMetricRegistry> start, Consumer<RatisMetricRegistry> stop) {}

    @Override
    public void enableJmxReporter() {}

    @Override
    public void enableConsoleReporter(TimeDuration every) {}
}
