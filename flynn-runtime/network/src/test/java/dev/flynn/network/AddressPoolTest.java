package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPoolTest {

    private final AddressPool pool = new AddressPool(Ipv4Network.parse("100.100.7.0/29"));

    @Test
    void neverGivesTheNetworkTheGatewayOrTheBroadcastAddress() {
        assertThat(takeAll())
                .containsExactly("100.100.7.2", "100.100.7.3", "100.100.7.4", "100.100.7.5", "100.100.7.6");
        assertThat(pool.take(Ipv4.parse("100.100.7.0"))).isFalse();
        assertThat(pool.take(Ipv4.parse("100.100.7.1"))).isFalse();
        assertThat(pool.take(Ipv4.parse("100.100.7.7"))).isFalse();
        assertThat(pool.take(Ipv4.parse("100.100.8.2"))).isFalse();
    }

    @Test
    void anAddressThatWasFreedComesLast() {
        take();
        take();
        pool.free(Ipv4.parse("100.100.7.2"));

        assertThat(takeAll()).containsExactly("100.100.7.4", "100.100.7.5", "100.100.7.6", "100.100.7.2");
    }

    @Test
    void aTakenAddressIsNotTakenAgainUntilItIsFreed() {
        int address = Ipv4.parse("100.100.7.3");

        assertThat(pool.take(address)).isTrue();
        assertThat(pool.take(address)).isFalse();
        pool.free(address);
        assertThat(pool.take(address)).isTrue();
    }

    @Test
    void theSmallestSubnetHasOneAddress() {
        var smallest = new AddressPool(Ipv4Network.parse("100.100.7.4/30"));

        assertThat(smallest.take()).hasValue(Ipv4.parse("100.100.7.6"));
        assertThat(smallest.take()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void nobodySharesAnAddress(long seed) {
        var random = new Random(seed);
        Set<Integer> held = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            if (!held.isEmpty() && random.nextBoolean()) {
                int address = held.iterator().next();
                held.remove(address);
                pool.free(address);
            } else {
                OptionalInt address = pool.take();
                assertThat(address.isPresent()).isEqualTo(held.size() < 5);
                address.ifPresent(taken -> assertThat(held.add(taken)).isTrue());
            }
        }
    }

    private OptionalInt take() {
        return pool.take();
    }

    private List<String> takeAll() {
        List<String> taken = new ArrayList<>();
        for (OptionalInt address = take(); address.isPresent(); address = take()) {
            taken.add(Ipv4.format(address.getAsInt()));
        }
        return taken;
    }
}
