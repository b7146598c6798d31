package dev.flynn.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.release.ProcessType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The example of docs/spi/testing.md, word for word. */
class GuideExampleTest {

    @Test
    void theJobsOfALostHostRunElsewhereAndOnlyThere() {
        try (EmbeddedCluster cluster =
                EmbeddedCluster.builder().hosts(3).jobsSurvive().start()) {
            EmbeddedApp shop = cluster.app("shop", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
            shop.scale("web", 3);
            assertThat(shop.upByHost()).containsOnlyKeys("host1", "host2", "host3");

            cluster.host(1).cutOff();
            Duration took = cluster.advanceUntil(() -> !shop.upByHost().containsKey("host1"), Duration.ofSeconds(40));
            System.out.println("given up after " + took);
            assertThat(cluster.host(1).jobs().running()).as("it goes on").hasSize(1);

            cluster.host(1).reconnect();
            cluster.advance(Duration.ofSeconds(20));
            assertThat(cluster.host(1).jobs().running()).isEmpty();
            assertThat(shop.upByHost()).containsOnlyKeys("host2", "host3");
        }
    }
}
