package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Contract: layer 0, Daemon flags. */
class DaemonOptionsTest {

    @Test
    void tagsAreReadAsTheContractSays() {
        assertThat(DaemonCommand.parseTags("disk=ssd,foo,,bar=,x=a=b"))
                .isEqualTo(Map.of("disk", "ssd", "foo", "true", "bar", "", "x", "a=b"));
        assertThat(DaemonCommand.parseTags("")).isEmpty();
    }

    @Test
    void theDeviceOfTheDefaultRouteIsTheOneThatLeadsAnywhere() {
        String head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
        String local = "eth1\t000A0A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
        String all = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0";

        assertThat(ExternalIp.deviceOfDefaultRoute(List.of(head, local, all))).contains("eth0");
        assertThat(ExternalIp.deviceOfDefaultRoute(List.of(head, local))).isEmpty();
    }
}
