package dev.flynn.router.api;

import dev.flynn.router.telemetry.Latencies;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.telemetry.TrafficCounts;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * What a router has carried, in Prometheus' text format 0.0.4. Times have a bucket for each power of two from half a millisecond to
 * half a minute. What is gone from the table is not told any more.
 */
final class PrometheusText {

    static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final long SHORTEST_MICROS = 1 << 9;
    private static final long LONGEST_MICROS = 1 << 25;

    private final StringBuilder out = new StringBuilder();

    private PrometheusText() {}

    /** One of those that things are counted for: its labels, as they stand in braces, and its counts. */
    private record Series(String labels, TrafficCounts counts) {}

    static String of(Traffic traffic) {
        var text = new PrometheusText();
        text.all(
                "route",
                traffic.routes().stream()
                        .map(route -> new Series(
                                "route=\"%s\",domain=\"%s\",path=\"%s\""
                                        .formatted(escaped(route.id()), escaped(route.domain()), escaped(route.path())),
                                route.counts()))
                        .toList(),
                "requests that the policy of the route did not let in");
        text.all(
                "backend",
                traffic.backends().stream()
                        .map(backend ->
                                new Series("backend=\"%s\"".formatted(escaped(backend.addr())), backend.counts()))
                        .toList(),
                "connections that the backend did not accept");
        text.head("flynn_router_unrouted_requests_total", "counter", "requests that no route was found for");
        text.out
                .append("flynn_router_unrouted_requests_total ")
                .append(traffic.unrouted().requests())
                .append('\n');
        return text.out.toString();
    }

    private void all(String of, List<Series> series, String refused) {
        String prefix = "flynn_router_" + of + "_";
        family(prefix + "active_requests", "gauge", "requests under way", series, TrafficCounts::active);
        byClass(prefix + "requests_total", series);
        family(
                prefix + "request_bytes_total",
                "counter",
                "bytes in bodies of requests",
                series,
                TrafficCounts::bytesIn);
        family(
                prefix + "response_bytes_total",
                "counter",
                "bytes in bodies of responses",
                series,
                TrafficCounts::bytesOut);
        family(prefix + "retries_total", "counter", "attempts beyond the first", series, TrafficCounts::retries);
        family(prefix + "refused_total", "counter", refused, series, TrafficCounts::refused);
        durations(prefix + "request_duration_seconds", series);
    }

    private void family(
            String name, String type, String help, List<Series> series, ToLongFunction<TrafficCounts> value) {
        head(name, type, help);
        series.forEach(one -> sample(name, one.labels(), value.applyAsLong(one.counts())));
    }

    private void byClass(String name, List<Series> series) {
        head(name, "counter", "requests that were answered, by class of the status; 499: the client went away before");
        for (Series one : series) {
            for (int i = 0; i < TrafficCounts.CLASSES.size(); i++) {
                String labels = one.labels() + ",code=\"" + TrafficCounts.CLASSES.get(i) + "\"";
                sample(name, labels, one.counts().answered().get(i));
            }
        }
    }

    private void durations(String name, List<Series> series) {
        head(name, "histogram", "from the end of a request's head to the end of its response");
        for (Series one : series) {
            Latencies latencies = one.counts().latencies();
            long below = 0;
            int bucket = 0;
            for (long micros = SHORTEST_MICROS; micros <= LONGEST_MICROS; micros *= 2) {
                while (Latencies.upperMicros(bucket) <= micros) {
                    below += latencies.counts().get(bucket);
                    bucket++;
                }
                sample(name + "_bucket", one.labels() + ",le=\"" + seconds(micros) + "\"", below);
            }
            long count = latencies.count();
            sample(name + "_bucket", one.labels() + ",le=\"+Inf\"", count);
            out.append(name + "_sum{" + one.labels() + "} ")
                    .append(seconds(latencies.sumMicros()))
                    .append('\n');
            sample(name + "_count", one.labels(), count);
        }
    }

    private void head(String name, String type, String help) {
        out.append("# HELP %s %s\n# TYPE %s %s\n".formatted(name, help, name, type));
    }

    private void sample(String name, String labels, long value) {
        out.append(name).append('{').append(labels).append("} ").append(value).append('\n');
    }

    private static String seconds(long micros) {
        return String.format(Locale.ROOT, "%.6f", micros / 1e6);
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
