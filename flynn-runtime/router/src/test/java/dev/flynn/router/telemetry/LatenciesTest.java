package dev.flynn.router.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {

    @Test
    void everyTimeIsInTheBucketThatEndsBehindIt() {
        for (long micros = 0; micros < 1L << 28; micros += 1 + micros / 100) {
            int bucket = Latencies.bucket(micros);
            assertThat(micros).isLessThan(Latencies.upperMicros(bucket));
            if (bucket > 0) {
                assertThat(micros).isGreaterThanOrEqualTo(Latencies.upperMicros(bucket - 1));
            }
        }
        assertThat(Latencies.bucket(Long.MAX_VALUE)).isEqualTo(Latencies.BUCKETS - 1);
    }

    @Test
    void quantilesAreWrongByAnEighthAtMost() {
        var random = new Random(7);
        long[] times = LongStream.generate(() -> (long) (70 * Math.exp(random.nextDouble() * 13)))
                .limit(10_000)
                .sorted()
                .toArray();

        Latencies latencies = of(times);

        assertThat(latencies.count()).isEqualTo(times.length);
        for (double share : new double[] {0.01, 0.5, 0.9, 0.99, 0.999}) {
            long exact = times[(int) Math.ceil(times.length * share) - 1];
            assertThat((double) latencies.quantileMicros(share)).isCloseTo(exact, within(exact / 8.0 + 1));
        }
    }

    @Test
    void nothingHasNoQuantile() {
        assertThat(of().quantileMicros(0.99)).isZero();
    }

    private static Latencies of(long... times) {
        List<Long> counts = new ArrayList<>(Collections.nCopies(Latencies.BUCKETS, 0L));
        for (long time : times) {
            counts.set(Latencies.bucket(time), counts.get(Latencies.bucket(time)) + 1);
        }
        return new Latencies(counts, LongStream.of(times).sum());
    }
}
