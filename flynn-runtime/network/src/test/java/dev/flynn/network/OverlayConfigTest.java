package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverlayConfigTest {

    @Test
    void hasTheContractsDefaults() {
        assertThat(OverlayConfig.defaults())
                .isEqualTo(new OverlayConfig("100.100.0.0/16", 24, "100.100.1.0", "100.100.255.0", "vxlan", 1, 0, 0));
        assertThat(OverlayConfig.defaults().udpPort()).isEqualTo(8472);
    }

    @Test
    void readsEverySetting() {
        assertThat(OverlayConfig.of(Map.of(
                        "network", "10.8.0.0/14",
                        "subnet-length", "22",
                        "subnet-min", "10.9.0.0",
                        "subnet-max", "10.10.0.0",
                        "backend", "host-gw",
                        "vni", "7",
                        "port", "4789",
                        "mtu", "1400")))
                .isEqualTo(new OverlayConfig("10.8.0.0/14", 22, "10.9.0.0", "10.10.0.0", "host-gw", 7, 4789, 1400));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,     24, 10.0.1.0,     10.255.255.0",
        "10.0.0.0/23,    24, 10.0.1.0,     10.0.1.0",
        "192.168.5.0/24, 25, 192.168.5.128, 192.168.5.128",
        "192.168.5.0/26, 27, 192.168.5.32, 192.168.5.32"
    })
    void theRestFollowsFromTheNetwork(String network, int length, String min, String max) {
        assertThat(OverlayConfig.of(Map.of("network", network)))
                .isEqualTo(new OverlayConfig(network, length, min, max, "vxlan", 1, 0, 0));
    }

    @Test
    void packetsAreAsLargeAsTheWayBetweenHostsTakesUnlessSmallerOnesAreWanted() {
        assertThat(OverlayConfig.defaults().mtu(1450)).isEqualTo(1450);
        assertThat(OverlayConfig.of(Map.of("mtu", "1400")).mtu(1450)).isEqualTo(1400);
        assertThat(OverlayConfig.of(Map.of("mtu", "9000")).mtu(1450)).isEqualTo(1450);
    }

    @Test
    void oneSubnetMayBeTheWholeNetwork() {
        assertThat(OverlayConfig.of(Map.of("network", "10.1.0.0/24", "subnet-length", "24"))
                        .subnetMin())
                .isEqualTo("10.1.0.0");
    }

    @ParameterizedTest
    @CsvSource({
        "network, 10.0.0.1/8",
        "network, everything",
        "subnet-length, 15",
        "subnet-length, 31",
        "subnet-length, many",
        "subnet-min, 10.0.0.0",
        "subnet-min, 100.100.1.7",
        "subnet-max, 100.101.0.0",
        "subnet-max, 100.100.0.0",
        "backend, pigeons",
        "vni, 0",
        "vni, 16777216",
        "port, 65536",
        "port, -1",
        "mtu, 575",
        "mtu, 65536",
        "network-colour, blue"
    })
    void whatIsWrongIsRefusedByItsName(String setting, String value) {
        Map<String, String> settings = new HashMap<>(Map.of(setting, value));

        assertThatThrownBy(() -> OverlayConfig.of(settings))
                .isInstanceOfSatisfying(
                        FlynnException.class,
                        e -> assertThat(e.field())
                                .hasValueSatisfying(field ->
                                        assertThat(field).isIn(setting, "subnet-min"))) // max below min names either
                .hasMessageContaining(setting.equals("network-colour") ? setting : value);
    }
}
