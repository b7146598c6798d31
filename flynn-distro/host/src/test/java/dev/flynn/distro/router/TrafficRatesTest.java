package dev.flynn.distro.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.router.telemetry.Latencies;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.telemetry.TrafficCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TrafficRatesTest {

    @Test
    void whatAllRoutersDidInBetweenIsAddedUpAndTheBusiestIsFirst() {
        RouterSample before =
                at(10, router("a:1", route("http/1", "one", 100, 0)), router("b:1", route("http/2", "two", 7, 0)));
        RouterSample after = at(
                12,
                router("a:1", route("http/1", "one", 140, 3), route("http/2", "two", 6, 0)),
                router("b:1", route("http/2", "two", 107, 1)));

        List<TrafficRates.Rate> rates = TrafficRates.between(before, after, TrafficRates.By.ROUTE);

        assertThat(rates).extracting(TrafficRates.Rate::name).containsExactly("two/", "one/");
        assertThat(rates).extracting(TrafficRates.Rate::requests).containsExactly(53.0, 20.0);
        assertThat(rates).extracting(TrafficRates.Rate::active).containsExactly(1L, 3L);
        assertThat(rates).extracting(TrafficRates.Rate::bytesOut).containsExactly(5300.0, 2000.0);
    }

    @Test
    void timesAreThoseOfTheInterval() {
        RouterSample before = at(0, router("a:1", route("http/1", "one", 1000, 0)));
        RouterSample after = at(1, router("a:1", slower(route("http/1", "one", 1000, 0), 10)));

        TrafficRates.Rate rate =
                TrafficRates.between(before, after, TrafficRates.By.ROUTE).get(0);

        assertThat(rate.requests()).isEqualTo(10);
        assertThat(rate.p50Micros()).isBetween(900_000L, 1_200_000L);
    }

    @Test
    void aRouterThatBeganAnewIsCountedFromItsBeginning() {
        RouterSample before = at(0, router("a:1", route("http/1", "one", 1000, 0)));
        RouterSample after = at(1, router("a:1", route("http/1", "one", 5, 0)));

        assertThat(TrafficRates.between(before, after, TrafficRates.By.ROUTE))
                .singleElement()
                .extracting(TrafficRates.Rate::requests)
                .isEqualTo(5.0);
    }

    @Test
    void aRouterThatDoesNotAnswerCountsNothing() {
        RouterSample before = at(0, router("a:1", route("http/1", "one", 1000, 0)));
        RouterSample after = at(1, RouterSample.OfRouter.silent("a:1", "does not answer"));

        assertThat(TrafficRates.between(before, after, TrafficRates.By.BACKEND)).isEmpty();
    }

    private static RouterSample at(int seconds, RouterSample.OfRouter... routers) {
        return new RouterSample(TimeUnit.SECONDS.toNanos(seconds), List.of(routers));
    }

    private static RouterSample.OfRouter router(String addr, Traffic.OfRoute... routes) {
        return RouterSample.OfRouter.telling(addr, new Traffic(List.of(routes), List.of(), TrafficCounts.NONE));
    }

    /** Requests of a millisecond, with a body of 100 bytes. */
    private static Traffic.OfRoute route(String id, String domain, long requests, long active) {
        return new Traffic.OfRoute(
                id,
                domain,
                "/",
                new TrafficCounts(
                        active,
                        List.of(0L, requests, 0L, 0L, 0L, 0L),
                        0,
                        100 * requests,
                        0,
                        0,
                        new Latencies(with(Latencies.NONE.counts(), 1000, requests), 1000 * requests)));
    }

    /** Some requests of a second more. */
    private static Traffic.OfRoute slower(Traffic.OfRoute route, long more) {
        TrafficCounts counts = route.counts();
        return new Traffic.OfRoute(
                route.id(),
                route.domain(),
                route.path(),
                new TrafficCounts(
                        0,
                        List.of(0L, counts.answered().get(1) + more, 0L, 0L, 0L, 0L),
                        0,
                        0,
                        0,
                        0,
                        new Latencies(with(counts.latencies().counts(), 1_000_000, more), 0)));
    }

    private static List<Long> with(List<Long> counts, long micros, long more) {
        int bucket = 0;
        while (Latencies.upperMicros(bucket) <= micros) {
            bucket++;
        }
        List<Long> changed = new ArrayList<>(counts);
        changed.set(bucket, changed.get(bucket) + more);
        return changed;
    }
}
