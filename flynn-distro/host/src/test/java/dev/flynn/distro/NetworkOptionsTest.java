package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.NetworkSettings;
import dev.flynn.network.OverlayConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class NetworkOptionsTest {

    @Command
    private static final class Host {

        @Mixin
        private NetworkOptions network = new NetworkOptions();
    }

    @Test
    void aHostIsToldNothing() {
        assertThat(settings(Map.of())).isEqualTo(NetworkSettings.defaults());
    }

    @Test
    void everythingCanBeSaid() {
        NetworkSettings said = settings(
                Map.of(),
                "--bridge-name=br7",
                "--network=10.8.0.0/14",
                "--subnet-len=22",
                "--subnet-min=10.9.0.0",
                "--subnet-max=10.10.0.0",
                "--network-backend=host-gw",
                "--network-mtu=1400",
                "--vni=7",
                "--network-port=4789");

        assertThat(said)
                .isEqualTo(new NetworkSettings(
                        "br7",
                        new OverlayConfig("10.8.0.0/14", 22, "10.9.0.0", "10.10.0.0", "host-gw", 7, 4789, 1400)));
    }

    @Test
    void anOptionGoesBeforeTheEnvironment() {
        Map<String, String> environment =
                Map.of("FLYNN_NETWORK", "10.8.0.0/16", "FLYNN_NETWORK_MTU", "1300", "FLYNN_BRIDGE_NAME", "br8");

        NetworkSettings said = settings(environment, "--network-mtu=1400");

        assertThat(said.bridge()).isEqualTo("br8");
        assertThat(said.overlay().network()).isEqualTo("10.8.0.0/16");
        assertThat(said.overlay().mtu()).isEqualTo(1400);
    }

    @ParameterizedTest
    @CsvSource({
        "--bridge-name,     a-name-that-is-too-long",
        "--network,         10.0.0.1/8",
        "--subnet-length,   15",
        "--subnet-min,      10.0.0.0",
        "--network-backend, pigeons",
        "--network-mtu,     9",
        "--vni,             0",
        "--network-port,    65536"
    })
    void whatIsWrongIsRefusedByTheNameOfItsOption(String option, String value) {
        List<String> words = List.of(option + "=" + value);

        assertThatThrownBy(() -> settings(Map.of(), words.toArray(String[]::new)))
                .isInstanceOf(FlynnException.class)
                .hasMessageStartingWith(option + " ")
                .hasMessageContaining(value);
    }

    private static NetworkSettings settings(Map<String, String> environment, String... words) {
        var host = new Host();
        var unused = new CommandLine(host).parseArgs(words);
        return host.network.settings(environment);
    }
}
