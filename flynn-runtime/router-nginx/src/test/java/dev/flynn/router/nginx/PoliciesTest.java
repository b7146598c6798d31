package dev.flynn.router.nginx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoliciesTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9, 10, 99, 100, 1024, 9_999, 1_048_576, 10_737_418_240L})
    void theRegexMatchesJustTheNumbersAboveTheLimit(long limit) {
        String regex = "^0*" + Policies.greaterThan(limit) + "$";
        var random = new Random(limit);
        for (long number : new long[] {0, 1, limit - 1, limit, limit + 1, limit * 10, limit / 10, Long.MAX_VALUE}) {
            assertMatches(regex, number, limit);
        }
        for (int i = 0; i < 200; i++) {
            assertMatches(regex, Math.abs(random.nextLong()) % (limit * 20 + 20), limit);
        }
        assertThat("000" + (limit + 1)).matches(regex);
        assertThat("").doesNotMatch(regex);
    }

    private static void assertMatches(String regex, long number, long limit) {
        if (number >= 0) {
            assertThat(Long.toString(number).matches(regex))
                    .as("%d > %d", number, limit)
                    .isEqualTo(number > limit);
        }
    }

    @Test
    void ratesAreInRequestsForAMinute() {
        assertThat(Policies.perMinute(RateLimit.perSecond(10))).isEqualTo(600);
        assertThat(Policies.perMinute(new RateLimit(1, Duration.ofMinutes(1), 1)))
                .isEqualTo(1);
        assertThat(Policies.perMinute(new RateLimit(1, Duration.ofHours(1), 1))).isEqualTo(1);
        assertThat(Policies.perMinute(new RateLimit(5, Duration.ofMillis(100), 1)))
                .isEqualTo(3000);
    }
}
