package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemnantsTest {

    @TempDir
    private Path directory;

    private DeviceOwner owner;
    private Remnants remnants;

    @BeforeEach
    void open() throws IOException {
        owner = DeviceOwner.of(directory.resolve("mine"));
        remnants = new Remnants(OverlayConfig.defaults(), "flynnbr0", owner, false);
    }

    @AfterEach
    void close() {
        owner.close();
    }

    @Test
    void aNetworkThatTheMachineHasAlreadyIsRefused() {
        String routes = "default via 10.0.0.1 dev eth0\n100.100.4.0/22 dev eth1 proto kernel\n";

        assertThatThrownBy(() -> remnants.find(routes, links("eth1", "mtu 1500")))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining("100.100.0.0/16")
                .hasMessageContaining("100.100.4.0/22 dev eth1");
    }

    @Test
    void whatIsOursOrLeadsElsewhereStays() {
        assertThat(remnants.find("""
                        default via 10.0.0.1 dev eth0
                        100.64.0.0/10 dev vpn0
                        unreachable 10.1.0.0/16
                        100.100.0.0/16 dev flannel.1 proto kernel scope link src 100.100.7.0
                        100.100.7.0/24 dev flynnbr0 proto kernel scope link src 100.100.7.1
                        100.100.8.0/24 via 10.0.0.8 dev eth0 proto 109 src 100.100.7.1
                        """, Map.of()).left()).isEmpty();
    }

    @Test
    void whatAHostThatIsGoneLeftIsFound() {
        String routes = "100.100.7.0/24 dev br7 proto kernel scope link src 100.100.7.1\n";

        assertThat(remnants.find(routes, links("br7", "mtu 1450\\    alias flynn:/nobody/is/here"))
                        .left())
                .containsExactly("br7");
        assertThat(remnants.find(routes, links("br7", "mtu 1450\\    alias " + owner.alias()))
                        .left())
                .containsExactly("br7");
        assertThat(remnants.find(routes, links("br7", "mtu 1450\\    alias flynn"))
                        .left())
                .containsExactly("br7");
    }

    @Test
    void whatAHostThatRunsHasIsRefused() throws IOException {
        String routes = "100.100.7.0/24 dev br7 proto kernel scope link src 100.100.7.1\n";
        try (DeviceOwner other = DeviceOwner.of(directory.resolve("other"))) {
            assertThatThrownBy(() -> remnants.find(routes, links("br7", "mtu 1450\\    alias " + other.alias())))
                    .isInstanceOfSatisfying(
                            FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining("br7")
                    .hasMessageContaining(directory.resolve("other").toString());
        }
    }

    @Test
    void clustersOfOneMachineShareANetwork() throws IOException {
        var sharing = new Remnants(OverlayConfig.defaults(), "flynnbr1", owner, true);
        String routes = "100.100.7.0/24 dev flynnbr0 proto kernel scope link src 100.100.7.1\n";
        try (DeviceOwner other = DeviceOwner.of(directory.resolve("other"))) {
            assertThat(sharing.find(routes, links("flynnbr0", "mtu 1450\\    alias " + other.alias())))
                    .isEqualTo(new Remnants.Found(Set.of(), Set.of(Ipv4Network.parse("100.100.7.0/24"))));
        }
    }

    @Test
    void aHostThatNobodyReachesAvoidsWhatIsTaken() {
        var sharing = new Remnants(OverlayConfig.defaults(), "flynnbr0", owner, true);

        assertThat(sharing.find("100.100.100.100 dev vpn0 scope link\n", Map.of())
                        .used())
                .containsExactly(Ipv4Network.parse("100.100.100.100/32"));
        assertThatThrownBy(() -> sharing.find("100.100.0.0/16 dev vpn0 scope link\n", Map.of()))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("100.100.0.0/16 dev vpn0");
    }

    @Test
    void aHostTakesTheBridgeThatItHadOrOneThatIsFree() throws IOException {
        String mine = "alias " + owner.alias();
        try (DeviceOwner other = DeviceOwner.of(directory.resolve("other"))) {
            String others = "alias " + other.alias();

            assertThat(Bridge.choose(Map.of(), owner)).isEqualTo("flynnbr0");
            assertThat(Bridge.choose(links("flynnbr0", others), owner)).isEqualTo("flynnbr1");
            assertThat(Bridge.choose(links("flynnbr0", "alias flynn:/nobody/is/here"), owner))
                    .isEqualTo("flynnbr0");
            assertThat(Bridge.choose(links("flynnbr3", mine), owner)).isEqualTo("flynnbr3");
        }
    }

    private static Map<String, Link> links(String name, String attributes) {
        return Map.of(name, new Link(name, attributes));
    }
}
