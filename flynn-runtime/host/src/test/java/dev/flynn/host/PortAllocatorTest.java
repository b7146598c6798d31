package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortAllocatorTest {

    @Test
    void noPortIsAllottedTwice() {
        var ports = new PortAllocator("127.0.0.1");
        Set<Integer> seen = new HashSet<>();

        for (int i = 0; i < 500; i++) {
            assertThat(seen.add(ports.allot())).isTrue();
        }

        assertThat(seen).allSatisfy(port -> assertThat(port).isBetween(10_000, 29_999));
    }

    @Test
    void aPortThatSomebodyListensOnIsNotAllotted() throws IOException {
        var ports = new PortAllocator("127.0.0.1", 20_000, 20_005);
        int free = ports.allot();
        ports.release(free);
        try (var taken = new ServerSocket(free, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(taken.isBound()).isTrue();
            for (int i = 0; i < 20; i++) {
                int other = ports.allot();
                assertThat(other).isNotEqualTo(free);
                ports.release(other);
            }
        }
    }

    @Test
    void aReservedPortIsNotAllotted() {
        var ports = new PortAllocator("127.0.0.1", 20_010, 20_015);
        int mine = ports.allot();
        ports.release(mine);
        ports.reserve(mine);

        for (int i = 0; i < 20; i++) {
            int other = ports.allot();
            assertThat(other).isNotEqualTo(mine);
            ports.release(other);
        }
    }
}
