package dev.flynn.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StrangerLimitsTest {

    private final AtomicLong nanos = new AtomicLong();
    private final StrangerLimits limits = new StrangerLimits(nanos::get);

    private static InetAddress address(int number) throws Exception {
        return InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >> 8), (byte) number});
    }

    @Test
    void oneAddressHasASmallPartOfTheRoomAndGetsItBack() throws Exception {
        for (int i = 0; i < StrangerLimits.MAX_PER_ADDRESS; i++) {
            assertThat(limits.enter(address(1))).isTrue();
        }
        assertThat(limits.enter(address(1))).isFalse();
        assertThat(limits.enter(address(2))).isTrue();
        limits.leave(address(1));
        assertThat(limits.enter(address(1))).isTrue();
    }

    @Test
    void allTogetherHaveBoundedRoom() throws Exception {
        for (int i = 0; i < StrangerLimits.MAX_CONNECTIONS; i++) {
            assertThat(limits.enter(address(i))).isTrue();
        }
        assertThat(limits.enter(address(9999))).isFalse();
        limits.leave(address(0));
        assertThat(limits.enter(address(9999))).isTrue();
    }

    @Test
    void joinsComeBackWithTime() {
        for (int i = 0; i < StrangerLimits.JOINS_IN_A_ROW; i++) {
            assertThat(limits.beginJoin()).isTrue();
            limits.endJoin();
        }
        assertThat(limits.beginJoin()).isFalse();
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(limits.beginJoin()).isTrue();
        limits.endJoin();
        assertThat(limits.beginJoin()).isTrue();
        limits.endJoin();
        assertThat(limits.beginJoin()).isFalse();
    }

    @Test
    void fewJoinAtOnce() {
        for (int i = 0; i < StrangerLimits.MAX_JOINS_AT_ONCE; i++) {
            assertThat(limits.beginJoin()).isTrue();
        }
        assertThat(limits.beginJoin()).isFalse();
        limits.endJoin();
        assertThat(limits.beginJoin()).isTrue();
    }
}
