package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ForwardingTest {

    private static final String SHOWN = """
            0a:0b:0c:0d:0e:0f dst 192.0.2.12 self permanent
            0a:00:00:00:00:01 dst 192.0.2.99 via eth0 link-netnsid 0 self permanent
            33:33:00:00:00:01 self permanent
            100.100.8.0 lladdr 0a:0b:0c:0d:0e:0f PERMANENT
            100.100.0.0/16 proto kernel scope link src 100.100.7.0
            100.100.8.0/24 via 100.100.8.0 onlink
            """;

    @Test
    void readsWhatTheToolsPrint() {
        assertThat(Forwarding.observed(SHOWN))
                .isEqualTo(new Forwarding(
                        Set.of("0a:0b:0c:0d:0e:0f dst 192.0.2.12", "0a:00:00:00:00:01 dst 192.0.2.99"),
                        Set.of("100.100.8.0 lladdr 0a:0b:0c:0d:0e:0f"),
                        Set.of("100.100.8.0/24 via 100.100.8.0")));
    }

    @Test
    void whatIsAsItShouldBeIsNotTouched() {
        Forwarding wanted = Forwarding.wantedVxlan(
                List.of(lease("192.0.2.12", "100.100.8.0/24", OverlayBackend.VXLAN, "0a:0b:0c:0d:0e:0f")));

        assertThat(wanted.minus(Forwarding.observed(SHOWN)).isEmpty()).isTrue();
        assertThat(Forwarding.observed(SHOWN).minus(wanted).entryLines("del", "flannel.1"))
                .containsExactly("fdb del 0a:00:00:00:00:01 dev flannel.1 dst 192.0.2.99 self permanent");
    }

    @Test
    void aHostThatMovedIsReplaced() {
        Forwarding wanted = Forwarding.wantedVxlan(
                List.of(lease("192.0.2.13", "100.100.8.0/24", OverlayBackend.VXLAN, "0a:0b:0c:0d:0e:0f")));

        assertThat(wanted.minus(Forwarding.observed(SHOWN)).entryLines("append", "flannel.1"))
                .containsExactly("fdb append 0a:0b:0c:0d:0e:0f dev flannel.1 dst 192.0.2.13 self permanent");
        assertThat(wanted.minus(Forwarding.observed(SHOWN)).routes()).isEmpty();
    }

    @Test
    void leasesOfOtherBackendsHaveNoWay() {
        List<SubnetLease> leases = List.of(
                lease("192.0.2.12", "100.100.8.0/24", OverlayBackend.ALLOC, null),
                lease("192.0.2.13", "100.100.9.0/24", OverlayBackend.HOST_GW, null));

        assertThat(Forwarding.wantedVxlan(leases).isEmpty()).isTrue();
        assertThat(Forwarding.wantedHostGateways(leases).routeLines("replace", "dev eth0"))
                .containsExactly("route replace 100.100.9.0/24 via 192.0.2.13 dev eth0");
    }

    @Test
    void routesToElsewhereAreNotOurs() {
        Forwarding observed = Forwarding.observed("10.0.0.0/8 via 192.0.2.1\n100.100.9.3 via 192.0.2.13\n");

        assertThat(observed.within(Ipv4Network.parse("100.100.0.0/16")).routes())
                .containsExactly("100.100.9.3 via 192.0.2.13");
    }

    private static SubnetLease lease(String publicIp, String subnet, OverlayBackend backend, @Nullable String mac) {
        return new SubnetLease("host2", publicIp, subnet, backend.wireName(), Optional.ofNullable(mac), Instant.EPOCH);
    }
}
