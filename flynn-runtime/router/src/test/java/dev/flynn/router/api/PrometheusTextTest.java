package dev.flynn.router.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.router.telemetry.Latencies;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.telemetry.TrafficCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrometheusTextTest {

    private static final Pattern SAMPLE =
            Pattern.compile("[a-z_]+(\\{[a-z]+=\"([^\"\\\\]|\\\\.)*\"(,[a-z]+=\"([^\"\\\\]|\\\\.)*\")*})? [0-9.]+");

    @Test
    void everyCountIsASample() {
        List<Long> counts = new ArrayList<>(Latencies.NONE.counts());
        counts.set(0, 1L);
        counts.set(Latencies.BUCKETS - 1, 2L);
        var some =
                new TrafficCounts(3, List.of(0L, 2L, 0L, 0L, 1L, 0L), 10, 20, 4, 5, new Latencies(counts, 1_500_000));
        var traffic = new Traffic(
                List.of(new Traffic.OfRoute("http/1", "a\"b\\c", "/", some)),
                List.of(new Traffic.OfBackend("10.0.0.1:80", some)),
                some);

        String text = PrometheusText.of(traffic);

        String labels = "{route=\"http/1\",domain=\"a\\\"b\\\\c\",path=\"/\"";
        assertThat(text.lines())
                .contains(
                        "flynn_router_route_active_requests" + labels + "} 3",
                        "flynn_router_route_requests_total" + labels + ",code=\"2xx\"} 2",
                        "flynn_router_route_requests_total" + labels + ",code=\"5xx\"} 1",
                        "flynn_router_route_request_bytes_total" + labels + "} 10",
                        "flynn_router_route_response_bytes_total" + labels + "} 20",
                        "flynn_router_route_retries_total" + labels + "} 4",
                        "flynn_router_route_refused_total" + labels + "} 5",
                        "flynn_router_route_request_duration_seconds_bucket" + labels + ",le=\"0.000512\"} 1",
                        "flynn_router_route_request_duration_seconds_bucket" + labels + ",le=\"33.554432\"} 1",
                        "flynn_router_route_request_duration_seconds_bucket" + labels + ",le=\"+Inf\"} 3",
                        "flynn_router_route_request_duration_seconds_sum" + labels + "} 1.500000",
                        "flynn_router_route_request_duration_seconds_count" + labels + "} 3",
                        "flynn_router_backend_active_requests{backend=\"10.0.0.1:80\"} 3",
                        "flynn_router_unrouted_requests_total 3");
        assertThat(text.lines().filter(line -> !line.startsWith("#"))).allMatch(SAMPLE.asMatchPredicate());
    }

    @Test
    void bucketsHoldEverythingThatIsShorter() {
        List<Long> one = new ArrayList<>();
        for (int bucket = 0; bucket < Latencies.BUCKETS; bucket++) {
            one.add(1L);
        }
        var counts = new TrafficCounts(0, TrafficCounts.NONE.answered(), 0, 0, 0, 0, new Latencies(one, 0));

        String text = PrometheusText.of(
                new Traffic(List.of(), List.of(new Traffic.OfBackend("a:1", counts)), TrafficCounts.NONE));

        for (long micros = 1 << 9; micros <= 1 << 25; micros *= 2) {
            long bound = micros;
            long below = IntStream.range(0, Latencies.BUCKETS)
                    .filter(bucket -> Latencies.upperMicros(bucket) <= bound)
                    .count();
            assertThat(text).contains("le=\"%.6f\"} %d\n".formatted(micros / 1e6, below));
        }
    }
}
