package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubnetLeasesTest {

    private static final OverlayConfig CONFIG = OverlayConfig.defaults();

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(
            store, new FlynnJson(), Clock.fixed(Instant.parse("2015-12-01T12:00:00Z"), ZoneOffset.UTC));
    private final SubnetLeases leases = new SubnetLeases(state, new Random(1));

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aHostGetsOneOfTheFirstHundredFreeSubnetsAndNeverTheFirstOfTheNetwork() {
        for (int i = 0; i < 50; i++) {
            Ipv4Network subnet =
                    leases.acquire("host" + i, "192.0.2." + i, CONFIG).range();

            assertThat(subnet.first()).isBetween(Ipv4.parse("100.100.1.0"), Ipv4.parse("100.100." + (100 + i) + ".0"));
        }
        assertThat(leases.list().stream().map(SubnetLease::subnet).distinct()).hasSize(50);
    }

    @Test
    void aLeaseSaysAllThatOtherHostsNeed() {
        SubnetLease lease = leases.acquire("host1", "192.0.2.11", CONFIG);

        assertThat(leases.list()).containsExactly(lease);
        assertThat(lease.backend()).isEqualTo("vxlan");
        assertThat(lease.vtepMac()).hasValueSatisfying(mac -> assertThat(mac).matches("0a(:[0-9a-f]{2}){5}"));
        assertThat(lease.since()).isEqualTo("2015-12-01T12:00:00Z");
        assertThat(store.get("subnets/" + lease.subnet().replace('/', '-'))).isPresent();
    }

    @Test
    void aHostThatComesBackHasItsLeaseAgainAndWritesNothing() {
        SubnetLease before = leases.acquire("host1", "192.0.2.11", CONFIG);
        long revision = store.list("").revision();

        assertThat(new SubnetLeases(state).acquire("host1", "192.0.2.11", CONFIG))
                .isEqualTo(before);
        assertThat(store.list("").revision()).isEqualTo(revision);
    }

    @Test
    void aHostKeepsItsSubnetWhenItsAddressChanges() {
        SubnetLease before = leases.acquire("host1", "192.0.2.11", CONFIG);

        SubnetLease after = leases.acquire("host1", "192.0.2.77", CONFIG);

        assertThat(after.publicIp()).isEqualTo("192.0.2.77");
        assertThat(after.subnet()).isEqualTo(before.subnet());
        assertThat(after.vtepMac()).isEqualTo(before.vtepMac());
        assertThat(leases.list()).containsExactly(after);
    }

    @Test
    void aMachineThatWasSetUpAnewTakesOverTheLeaseOfItsAddress() {
        SubnetLease before = leases.acquire("host1", "192.0.2.11", CONFIG);

        SubnetLease after = leases.acquire("another", "192.0.2.11", CONFIG);

        assertThat(after.hostId()).isEqualTo("another");
        assertThat(after.subnet()).isEqualTo(before.subnet());
        assertThat(leases.list()).containsExactly(after);
    }

    @Test
    void withoutAnOverlayHostsOfOneAddressHaveALeaseEach() {
        OverlayConfig alloc = OverlayConfig.of(Map.of("backend", "alloc"));

        assertThat(leases.acquire("host1", "127.0.0.1", alloc).subnet())
                .isNotEqualTo(leases.acquire("host2", "127.0.0.1", alloc).subnet());
    }

    @Test
    void whenAllAreLeasedTheNextHostIsRefusedUntilOneLeaves() {
        OverlayConfig small = OverlayConfig.of(Map.of("network", "10.1.0.0/22"));
        for (int i = 1; i <= 3; i++) {
            leases.acquire("host" + i, "192.0.2." + i, small);
        }
        assertThatThrownBy(() -> leases.acquire("host4", "192.0.2.4", small))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY))
                .hasMessageContaining("10.1.1.0/24")
                .hasMessageContaining("10.1.3.0/24");
        String left = leases.acquire("host2", "192.0.2.2", small).subnet();

        leases.release("host2");

        assertThat(leases.acquire("host4", "192.0.2.4", small).subnet()).isEqualTo(left);
    }

    @Test
    void hostsThatStartTogetherGetDifferentSubnets() throws Exception {
        OverlayConfig tight = OverlayConfig.of(Map.of("network", "10.1.0.0/20"));
        int hosts = 15;
        ExecutorService threads = Executors.newFixedThreadPool(hosts);
        try {
            var together = new CountDownLatch(hosts);
            List<Future<SubnetLease>> acquired = new ArrayList<>();
            for (int i = 0; i < hosts; i++) {
                int host = i;
                acquired.add(threads.submit(() -> {
                    together.countDown();
                    together.await();
                    return new SubnetLeases(state).acquire("host" + host, "192.0.2." + host, tight);
                }));
            }
            for (Future<SubnetLease> lease : acquired) {
                lease.get();
            }
        } finally {
            threads.shutdownNow();
        }
        Set<String> subnets = leases.list().stream().map(SubnetLease::subnet).collect(Collectors.toSet());
        assertThat(subnets).hasSize(hosts);
    }

    @Test
    void aHostThatSawAnOldStateOfTheStoreGetsNoSubnetThatAnotherHas() {
        OverlayConfig tight = OverlayConfig.of(Map.of("network", "10.1.0.0/23"));
        leases.acquire("host1", "192.0.2.1", tight);
        StoreSnapshot old = store.list("subnets/");
        leases.release("host1");
        SubnetLease others = leases.acquire("host2", "192.0.2.2", tight);
        var asBefore = new SubnetLeases(new ClusterState(firstSeeing(old), new FlynnJson(), state.clock()));

        // its address is new, so that it has something to write
        assertThatThrownBy(() -> asBefore.acquire("host1", "192.0.2.77", tight))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY));
        assertThat(leases.list()).containsExactly(others);
    }

    /** The store of a host that was cut off: its first look shows what was. */
    private ClusterStore firstSeeing(StoreSnapshot old) {
        var isFirst = new AtomicBoolean(true);
        return (ClusterStore) Proxy.newProxyInstance(
                ClusterStore.class.getClassLoader(), new Class<?>[] {ClusterStore.class}, (proxy, method, words) -> {
                    boolean looks = method.getName().equals("list") && words[0].equals("subnets/");
                    return looks && isFirst.getAndSet(false) ? old : method.invoke(store, words);
                });
    }

    @Test
    void theLeaseOfAHostThatIsGoneStaysHoweverLong() {
        SubnetLease before = leases.acquire("host1", "192.0.2.11", CONFIG);
        var years = new SubnetLeases(new ClusterState(
                store, new FlynnJson(), Clock.fixed(Instant.parse("2025-12-01T12:00:00Z"), ZoneOffset.UTC)));

        years.acquire("host2", "192.0.2.12", CONFIG);

        assertThat(years.acquire("host1", "192.0.2.11", CONFIG)).isEqualTo(before);
    }

    @Test
    void hostsOfOneMachineThatNobodyElseCanReachHaveALeaseEach() {
        assertThat(leases.acquire("host1", "127.0.0.1", CONFIG).subnet())
                .isNotEqualTo(leases.acquire("host2", "127.0.0.1", CONFIG).subnet());
        assertThat(leases.list()).hasSize(2);
    }

    @Test
    void theFirstHostDecidesWhatTheNetworkIs() {
        OverlayConfig first = OverlayConfig.of(Map.of("network", "10.1.0.0/16"));

        assertThat(leases.configure(first)).isEqualTo(first);
        assertThat(leases.configure(CONFIG)).isEqualTo(first);
    }

    @Test
    void freeSubnetsAreTheFirstThatOverlapNobodys() {
        assertThat(SubnetLeases.free(
                        CONFIG, List.of(Ipv4Network.parse("100.100.2.0/23"), Ipv4Network.parse("100.100.5.128/25")), 3))
                .containsExactly(
                        Ipv4Network.parse("100.100.1.0/24"),
                        Ipv4Network.parse("100.100.4.0/24"),
                        Ipv4Network.parse("100.100.6.0/24"));
        assertThat(SubnetLeases.free(CONFIG, List.of(), 1000)).hasSize(255);
        assertThat(SubnetLeases.free(OverlayConfig.of(Map.of("network", "255.255.0.0/16")), List.of(), 1000))
                .hasSize(255);
    }
}
