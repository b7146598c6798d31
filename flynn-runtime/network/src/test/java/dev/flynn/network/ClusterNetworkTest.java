package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterNetworkTest {

    @TempDir
    private Path directory;

    @Test
    void jobsOfThreeHostsReachEachOtherUnderTheirOwnAddresses() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            JobInterface one = open(cluster.start(1));
            JobInterface two = open(cluster.start(2));
            JobInterface three = open(cluster.start(3));

            awaitWay(one, two);
            assertThat(addressSeen(two, one)).isEqualTo(one.address());
            awaitWay(one, three);
            assertThat(addressSeen(three, one)).isEqualTo(one.address());
            assertThat(addressSeen(two, three)).isEqualTo(three.address());
            assertThat(Tcp.addressSeen(
                            two.address(),
                            Machine.in(two.namespace()),
                            cluster.machine(1).namespace()))
                    .as("the host itself")
                    .startsWith("100.100.");
            assertThat(cluster.machine(2).sh(two, "ip link show dev eth0")).contains("mtu 1450");
        }
    }

    @Test
    void jobsReachEachOtherWhereNothingIsForwardedByDefault() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            ClusterNetwork first = cluster.start(1);
            JobInterface one = open(first);
            JobInterface two = open(first);
            JobInterface three = open(cluster.start(2));
            // as Docker does
            cluster.machine(1)
                    .sh("iptables -P FORWARD DROP; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables || :");
            awaitWay(one, three);

            assertThat(addressSeen(three, one)).isEqualTo(one.address());
            assertThat(addressSeen(one, three)).isEqualTo(three.address());
            assertThat(addressSeen(two, one)).isEqualTo(one.address());
            assertThat(Tcp.addressSeen(Cluster.OUTSIDE, cluster.outside().namespace(), Machine.in(one.namespace())))
                    .isEqualTo(Cluster.publicIp(1));
        }
    }

    @Test
    void aHostThatStartsAgainFindsItsSubnetItsDeviceAndItsJobs() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            ClusterNetwork first = cluster.start(1);
            JobId id = JobId.random("host1");
            JobInterface one = first.jobs().open(id, Optional.empty());
            JobInterface two = open(cluster.start(2));
            awaitWay(one, two);
            String device = cluster.machine(1).sh("ip -d -o link show flannel.1");
            first.close();

            assertThat(addressSeen(two, one)).as("without an agent").isEqualTo(one.address());
            ClusterNetwork again = cluster.start(1);

            assertThat(again.lease()).isEqualTo(first.lease());
            assertThat(again.jobs().open(id, Optional.empty())).isEqualTo(one);
            assertThat(cluster.machine(1).sh("ip -d -o link show flannel.1")).isEqualTo(device);
            assertThat(addressSeen(two, one)).isEqualTo(one.address());
        }
    }

    @Test
    void aHostThatIsRemovedIsForgottenByTheOthersAndItsMachineHasNothingLeft() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            cluster.start(1);
            ClusterNetwork second = cluster.start(2);
            String subnet = second.lease().subnet();
            String mac = second.lease().vtepMac().orElseThrow();
            Machine machine = cluster.machine(1);
            await().untilAsserted(() -> assertThat(machine.sh("ip route")).contains(subnet));
            open(second);
            cluster.remove(2);

            assertThat(cluster.machine(2).sh("ip -br link; ip route; iptables -S; iptables -t nat -S"))
                    .doesNotContain("flannel", "flynn", "FLYNN", "100.100");
            new SubnetLeases(cluster.state).release("host2");

            await().untilAsserted(() -> assertThat(machine.sh("ip route; ip neigh; bridge fdb show dev flannel.1"))
                    .doesNotContain(subnet)
                    .doesNotContain(mac));
        }
    }

    @Test
    void whatSomebodyDeletedComesBack() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            ClusterNetwork first = cluster.start(1);
            JobInterface one = open(first);
            JobInterface two = open(cluster.start(2));
            awaitWay(one, two);
            cluster.machine(1).sh("ip link del flannel.1; iptables -t nat -F; iptables -F");

            cluster.start(3);

            awaitWay(one, two);
            assertThat(addressSeen(two, one)).isEqualTo(one.address());
            await().untilAsserted(() -> assertThat(cluster.machine(1).sh("iptables -t nat -S"))
                    .contains("-s " + first.lease().subnet()));
        }
    }

    @Test
    void neighboursCanDoWithoutTunnels() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.of(Map.of("backend", "host-gw")))) {
            JobInterface one = open(cluster.start(1));
            JobInterface two = open(cluster.start(2));
            awaitWay(one, two);

            assertThat(addressSeen(two, one)).isEqualTo(one.address());
            assertThat(cluster.machine(1).sh("ip link")).doesNotContain("flannel");
            assertThat(cluster.machine(1).sh(one, "ip link show dev eth0")).contains("mtu 1500");
        }
    }

    @Test
    void aDeviceOfSomebodyElseIsNotTouched() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            cluster.start(1).remove();
            cluster.machine(1).sh("ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8472");

            assertThatThrownBy(() -> cluster.start(1))
                    .hasMessageContaining("flannel.1")
                    .hasMessageContaining("another vni");

            assertThat(cluster.machine(1).sh("ip link")).contains("flannel.1");
        }
    }

    @Test
    void whatAnEarlierRunWithOtherSettingsLeftIsTakenAway() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            Machine machine = cluster.create(1);
            machine.sh("""
                    ip link add br7 type bridge; ip link set br7 alias flynn:/nobody/is/here up
                    ip address add 100.100.8.1/24 dev br7
                    ip link add flannel.5 type vxlan id 5 dev eth0 dstport 8472; ip link set flannel.5 alias flynn up
                    ip address add 100.100.8.0/16 dev flannel.5
                    ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8473; ip link set flannel.1 alias flynn:/nor/here
                    ip link add flynnbr0 type bridge; ip address add 100.100.200.1/24 dev flynnbr0
                    """);

            JobInterface one = open(cluster.start(1));
            JobInterface two = open(cluster.start(2));

            awaitWay(one, two);
            assertThat(machine.sh("ip link")).doesNotContain("br7", "flannel.5", "nobody", "/nor/here");
            assertThat(machine.sh("ip route")).doesNotContain("br7", "flannel.5");
            // its lease, which may be what the earlier run had
            assertThat(machine.sh("ip -4 -o address show dev flynnbr0").lines()).hasSize(1);
        }
    }

    @Test
    void whatAnotherHostOfThisMachineUsesIsNotTouched() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            ClusterNetwork first = cluster.start(1);
            String addresses = "ip -br -4 address; ip -o link show flynnbr0";
            String before = cluster.machine(1).sh(addresses);

            assertThatThrownBy(() -> cluster.start(2, 1))
                    .isInstanceOfSatisfying(
                            FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining(directory.resolve("host1").toString())
                    .hasMessageContaining("--bridge-name");

            assertThat(cluster.machine(1).sh(addresses)).isEqualTo(before);
            open(first);
        }
    }

    @Test
    void clustersThatNobodyElseReachesLiveSideBySideOnOneMachine() throws IOException {
        try (Machine machine = Machine.create();
                var firstStore = new MemoryClusterStore();
                var secondStore = new MemoryClusterStore()) {
            ClusterNetwork first = alone(machine, firstStore, "first");
            ClusterNetwork second = alone(machine, secondStore, "second");
            try {
                assertThat(first.bridge()).isEqualTo("flynnbr0");
                assertThat(second.bridge()).isEqualTo("flynnbr1");
                JobInterface one = open(first);
                JobInterface other = open(second);
                assertThat(Tcp.addressSeen(one.address(), Machine.in(one.namespace()), machine.namespace()))
                        .isEqualTo(first.jobs().gateway());
                assertThat(Tcp.addressSeen(other.address(), Machine.in(other.namespace()), machine.namespace()))
                        .isEqualTo(second.jobs().gateway());

                second.close();
                second = alone(machine, secondStore, "second");

                assertThat(second.bridge()).isEqualTo("flynnbr1");
            } finally {
                first.remove();
                second.remove();
            }
        }
    }

    private ClusterNetwork alone(Machine machine, MemoryClusterStore store, String name) throws IOException {
        return ClusterNetwork.open(
                new ClusterState(store, new FlynnJson(), Clock.systemUTC()),
                ClusterNetworkConfig.builder("host1", "127.0.0.1", directory.resolve(name))
                        .namespace(machine.namespace())
                        .spares(1)
                        .build());
    }

    @Test
    void aHostWhoseSubnetWasGivenBackStartsNoJobsInIt() throws IOException {
        try (var cluster = new Cluster(directory, OverlayConfig.defaults())) {
            ClusterNetwork network = cluster.start(1);
            JobId known = JobId.random("host1");
            JobInterface has = network.jobs().open(known, Optional.empty());
            assertThat(network.refusal()).isEmpty();

            new SubnetLeases(cluster.state).release("host1");

            await().untilAsserted(() -> assertThatThrownBy(() -> open(network))
                    .isInstanceOf(FlynnException.class)
                    .hasMessageContaining(network.lease().subnet()));
            assertThat(network.refusal())
                    .hasValueSatisfying(reason -> assertThat(reason)
                            .contains(network.lease().subnet())
                            .contains("given back"));
            assertThat(network.jobs().open(known, Optional.empty())).isEqualTo(has);
        }
    }

    private static JobInterface open(ClusterNetwork network) throws IOException {
        return network.jobs().open(JobId.random(network.lease().hostId()), Optional.empty());
    }

    private static String addressSeen(JobInterface server, JobInterface client) {
        return Tcp.addressSeen(server.address(), Machine.in(server.namespace()), Machine.in(client.namespace()));
    }

    /** A host learns of another a moment after that has started. */
    private static void awaitWay(JobInterface one, JobInterface other) {
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() ->
                        Tcp.addressSeen(other.address(), Machine.in(other.namespace()), Machine.in(one.namespace()), 1)
                                        .length()
                                > 0);
    }
}
