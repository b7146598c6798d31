package dev.flynn.distro.router;

import dev.flynn.router.telemetry.Latencies;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.telemetry.TrafficCounts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What went on between two samples, over all routers. A router that began anew in between counts from its beginning. */
final class TrafficRates {

    private TrafficRates() {}

    /** Those that requests are counted for. */
    enum By {
        ROUTE(traffic -> traffic.routes().stream()
                .collect(Collectors.toMap(
                        route -> new Name(route.id(), route.domain() + route.path()),
                        Traffic.OfRoute::counts,
                        (one, other) -> one,
                        LinkedHashMap::new))),
        BACKEND(traffic -> traffic.backends().stream()
                .collect(Collectors.toMap(
                        backend -> new Name(backend.addr(), backend.addr()),
                        Traffic.OfBackend::counts,
                        (one, other) -> one,
                        LinkedHashMap::new)));

        private final Function<Traffic, Map<Name, TrafficCounts>> counts;

        By(Function<Traffic, Map<Name, TrafficCounts>> counts) {
            this.counts = counts;
        }
    }

    private record Name(String id, String shown) {}

    /**
     * One line of the table; rates are per second.
     *
     * @param name for people
     * @param active at the time of the later sample
     * @param failures answers of the classes 5xx
     */
    record Rate(
            String id,
            String name,
            double requests,
            long active,
            double failures,
            double refused,
            double retries,
            double bytesIn,
            double bytesOut,
            long p50Micros,
            long p99Micros) {}

    /** The busiest first. */
    static List<Rate> between(RouterSample before, RouterSample after, By by) {
        double seconds = Math.max((after.nanos() - before.nanos()) / 1e9, 1e-3);
        Map<String, RouterSample.OfRouter> earlier = before.routers().stream()
                .collect(Collectors.toMap(RouterSample.OfRouter::addr, Function.identity(), (one, other) -> one));
        Map<Name, TrafficCounts> sums = new HashMap<>();
        for (RouterSample.OfRouter router : after.routers()) {
            RouterSample.OfRouter old = earlier.get(router.addr());
            Map<Name, TrafficCounts> known = old == null ? Map.of() : by.counts.apply(old.traffic());
            by.counts.apply(router.traffic()).forEach((name, now) -> {
                TrafficCounts grown = minus(now, known.getOrDefault(name, TrafficCounts.NONE));
                sums.merge(name, grown, TrafficRates::plus);
            });
        }
        return sums.entrySet().stream()
                .map(sum -> rate(sum.getKey(), sum.getValue(), seconds))
                .sorted(Comparator.comparingDouble(Rate::requests)
                        .reversed()
                        .thenComparing(Rate::name)
                        .thenComparing(Rate::id))
                .toList();
    }

    private static Rate rate(Name name, TrafficCounts counts, double seconds) {
        return new Rate(
                name.id(),
                name.shown().isEmpty() ? name.id() : name.shown(),
                counts.requests() / seconds,
                counts.active(),
                counts.answered().get(TrafficCounts.CLASSES.indexOf("5xx")) / seconds,
                counts.refused() / seconds,
                counts.retries() / seconds,
                counts.bytesIn() / seconds,
                counts.bytesOut() / seconds,
                counts.latencies().quantileMicros(0.5),
                counts.latencies().quantileMicros(0.99));
    }

    /** What was under way before is not under way twice: active stays as it is now. */
    private static TrafficCounts minus(TrafficCounts now, TrafficCounts before) {
        if (now.requests() < before.requests()) {
            return now;
        }
        return combined(now, before, now.active(), -1);
    }

    private static TrafficCounts plus(TrafficCounts one, TrafficCounts other) {
        return combined(one, other, one.active() + other.active(), 1);
    }

    private static TrafficCounts combined(TrafficCounts one, TrafficCounts other, long active, int sign) {
        return new TrafficCounts(
                active,
                combined(one.answered(), other.answered(), sign),
                one.bytesIn() + sign * other.bytesIn(),
                one.bytesOut() + sign * other.bytesOut(),
                one.retries() + sign * other.retries(),
                one.refused() + sign * other.refused(),
                new Latencies(
                        combined(one.latencies().counts(), other.latencies().counts(), sign),
                        one.latencies().sumMicros() + sign * other.latencies().sumMicros()));
    }

    private static List<Long> combined(List<Long> one, List<Long> other, int sign) {
        List<Long> sums = new ArrayList<>(one.size());
        for (int i = 0; i < one.size(); i++) {
            sums.add(one.get(i) + sign * other.get(i));
        }
        return sums;
    }
}
