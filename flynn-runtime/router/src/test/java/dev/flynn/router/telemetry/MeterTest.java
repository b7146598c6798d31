package dev.flynn.router.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MeterTest {

    @Test
    void whatLoopsCountAtTheSameTimeAddsUp() throws InterruptedException {
        int loops = 4;
        int each = 100_000;
        Meter meter = new Meters(loops).ofRoute();
        List<Thread> threads = new ArrayList<>();
        for (int loop = 0; loop < loops; loop++) {
            int index = loop;
            threads.add(new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    Meter.Cell cell = meter.cell(index);
                    cell.begin();
                    cell.bytesOut(10);
                    cell.answered(1, 1000);
                    cell.end();
                }
            }));
        }
        threads.forEach(Thread::start);
        while (threads.stream().anyMatch(Thread::isAlive)) {
            assertThat(meter.counts().active()).isNotNegative();
            threads.get(0).join(TimeUnit.MILLISECONDS.toMillis(1));
        }

        TrafficCounts counts = meter.counts();

        assertThat(counts.requests()).isEqualTo(loops * each);
        assertThat(counts.bytesOut()).isEqualTo(10L * loops * each);
        assertThat(counts.latencies().count()).isEqualTo(loops * each);
        assertThat(counts.active()).isZero();
    }

    @Test
    void whatIsBeyondTheBoundIsCountedTogether() {
        Meters meters = new Meters(1, 2);
        Meter unused = meters.ofRoute();
        Meter first = used(meters.ofRoute());
        Meter second = used(meters.ofRoute());
        Meter third = used(meters.ofRoute());
        Meter fourth = used(meters.ofRoute());

        assertThat(List.of(unused, third, fourth)).noneMatch(Meter::isUsed);
        assertThat(List.of(first, second)).allMatch(Meter::isUsed);
        assertThat(meters.traffic(RoutingTable.EMPTY).routes()).singleElement().satisfies(others -> {
            assertThat(others.id()).isEqualTo(Traffic.OTHERS);
            assertThat(others.counts().requests()).isEqualTo(2);
        });

        first.retire();
        assertThat(used(meters.ofRoute()).isUsed()).as("there is room again").isTrue();
    }

    @Test
    void whoIsGoneTakesNoRoomAnyMore() {
        Meters meters = new Meters(1, 1);
        Meter gone = meters.ofRoute();
        gone.retire();
        used(gone);

        assertThat(used(meters.ofRoute()).isUsed()).isTrue();
    }

    private static Meter used(Meter meter) {
        Meter.Cell cell = meter.cell(0);
        cell.begin();
        cell.answered(1, 1);
        cell.end();
        return meter;
    }
}
