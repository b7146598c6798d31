package dev.flynn.router.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateLimiterTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void aBurstPassesAtOnceAndThenTheRestEvenly() {
        var limiter = new RateLimiter(new RateLimit(10, Duration.ofSeconds(1), 3));

        for (int i = 0; i < 3; i++) {
            assertThat(limiter.take(SECOND)).isZero();
        }
        assertThat(limiter.take(SECOND)).isEqualTo(SECOND / 10);
        assertThat(limiter.take(SECOND + SECOND / 20)).isEqualTo(SECOND / 20);
        assertThat(limiter.take(SECOND + SECOND / 10)).isZero();
        assertThat(limiter.take(SECOND + SECOND / 10)).isPositive();
    }

    @Test
    void overALongTimeNoMoreThanTheRatePasses() {
        var limiter = new RateLimiter(RateLimit.perSecond(50));

        int passed = 0;
        for (long now = 0; now < 10 * SECOND; now += SECOND / 1000) {
            passed += limiter.take(now) == 0 ? 1 : 0;
        }

        assertThat(passed).isBetween(500, 550);
    }

    @Test
    void eachClientHasItsOwnLimitAndAnIpv6NetworkIsOneClient() {
        var limiter = new ClientRateLimiter(new RateLimit(1, Duration.ofMinutes(1), 1), 100);

        assertThat(limiter.take("10.0.0.1", 0)).isZero();
        assertThat(limiter.take("10.0.0.1", 0)).isPositive();
        assertThat(limiter.take("10.0.0.2", 0)).isZero();
        assertThat(limiter.take("2001:db8:0:1:0:0:0:1", 0)).isZero();
        assertThat(limiter.take("2001:db8:0:1:0:0:0:2", 0)).isPositive();
        assertThat(limiter.take("2001:db8:0:2:0:0:0:1", 0)).isZero();
    }

    @Test
    void itRemembersABoundedNumberOfClientsAndForgetsTheQuietOnes() {
        var limiter = new ClientRateLimiter(RateLimit.perSecond(1), 100);

        for (int i = 0; i < 10_000; i++) {
            long unused = limiter.take("10.0." + i / 256 + "." + i % 256, 0);
        }
        assertThat(limiter.clients()).isEqualTo(100);

        assertThat(limiter.take("192.0.2.1", 10 * SECOND)).isZero();
        assertThat(limiter.clients()).isEqualTo(1);
    }
}
