package dev.flynn.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.release.ProcessType;
import dev.flynn.state.HostPresence;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EmbeddedClusterTest {

    /** Until a host that is gone is known to be dead: its lease, the sweep, and the time to come again. */
    private static final Duration DEATH = Duration.ofSeconds(25);

    private final long before = System.nanoTime();
    private final EmbeddedCluster cluster =
            EmbeddedCluster.builder().hosts(3).seed(42).start();
    private final Duration startTime = Duration.ofNanos(System.nanoTime() - before);

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void startsAtOnceAndItsHostsKnowEachOther() {
        System.out.println("three hosts started in " + startTime.toMillis() + " ms");
        assertThat(startTime).isLessThan(Duration.ofSeconds(10));
        assertThat(cluster.hosts())
                .allSatisfy(host -> assertThat(host.discovery().instances(HostPresence.SERVICE))
                        .hasSize(3));
    }

    @Test
    void aFormationRunsSpreadOverTheHosts() {
        EmbeddedApp shop = app();

        shop.scale("web", 6);

        assertThat(shop.upByHost()).isEqualTo(Map.of("host1", 2L, "host2", 2L, "host3", 2L));
        assertThat(cluster.hosts())
                .allSatisfy(host -> assertThat(host.jobs().running()).hasSize(2));
    }

    @Test
    void theJobsOfAHostThatDiedRunElsewhereWithinTheTimeToLivePlusSeconds() {
        EmbeddedApp shop = app();
        shop.scale("web", 3);
        cluster.host(1).kill();
        assertThat(shop.upByHost()).as("nobody knows yet").containsOnlyKeys("host1", "host2", "host3");

        Duration took = cluster.advanceUntil(
                () -> shop.upByHost().equals(Map.of("host2", 2L, "host3", 1L))
                        || shop.upByHost().equals(Map.of("host2", 1L, "host3", 2L)),
                DEATH);

        System.out.println("after " + took);
    }

    private EmbeddedApp app() {
        return cluster.app("shop", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
    }
}
