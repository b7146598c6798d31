package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4NetworkTest {

    @ParameterizedTest
    @CsvSource({
        "100.100.0.0/16, 65536, 100.100.0.1",
        "192.0.2.252/30, 4, 192.0.2.253",
        "0.0.0.0/0, 4294967296, 0.0.0.1",
        "255.255.255.255/32, 1, 0.0.0.0"
    })
    void isReadAndWritten(String text, long size, String gateway) {
        Ipv4Network network = Ipv4Network.parse(text);

        assertThat(network).hasToString(text);
        assertThat(network.size()).isEqualTo(size);
        assertThat(network.gateway()).isEqualTo(gateway);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "100.100.0.0",
                "100.100.0/16",
                "100.100.0.0/33",
                "100.100.0.0/-1",
                "256.1.1.0/24",
                "a.b.c.d/8",
                ""
            })
    void whatIsNoNetworkIsRefused(String text) {
        assertThatThrownBy(() -> Ipv4Network.parse(text)).hasMessageMatching(".*(network|address|prefix length).*");
    }

    @Test
    void anAddressInTheMiddleIsNoNetworkAndTheMessageSaysWhichIs() {
        assertThatThrownBy(() -> Ipv4Network.parse("100.100.7.9/24")).hasMessageContaining("100.100.7.0");
    }

    @Test
    void aNetworkOverlapsWhatIsInItAndWhatItIsIn() {
        Ipv4Network large = Ipv4Network.parse("100.100.0.0/16");
        Ipv4Network small = Ipv4Network.parse("100.100.7.0/24");
        Ipv4Network other = Ipv4Network.parse("100.101.0.0/24");

        assertThat(large.overlaps(small)).isTrue();
        assertThat(small.overlaps(large)).isTrue();
        assertThat(large.overlaps(other)).isFalse();
        assertThat(large.contains(small)).isTrue();
        assertThat(small.contains(large)).isFalse();
        assertThat(small.contains("100.100.7.255")).isTrue();
        assertThat(small.contains("100.100.8.0")).isFalse();
    }

    @Test
    void steppingGoesFromSubnetToSubnet() {
        assertThat(Ipv4Network.parse("10.255.255.0/24").plus(1)).hasToString("11.0.0.0/24");
        assertThat(Ipv4Network.parse("127.255.255.128/25").plus(1)).hasToString("128.0.0.0/25");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyAddressIsWrittenAsItIsRead(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            int address = random.nextInt();
            assertThat(Ipv4.parse(Ipv4.format(address))).isEqualTo(address);
            assertThat(Veth.address(Veth.name(address))).isEqualTo(address);
            assertThat(Veth.name(address)).hasSizeLessThanOrEqualTo(15).matches(Veth::isName);
        }
    }
}
