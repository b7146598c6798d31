package dev.flynn.testing;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Service;
import dev.flynn.state.HostPresence;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EmbeddedClusterTest {

    private static final ProcessType SERVE = ProcessType.ofCommand(List.of("serve"));

    private final EmbeddedCluster cluster = EmbeddedCluster.builder().hosts(3).start();

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void startsAtOnce() {
        long before = System.nanoTime();
        try (var another = EmbeddedCluster.builder().hosts(5).start()) {
            Duration took = Duration.ofNanos(System.nanoTime() - before);
            System.out.printf("%d hosts started in %d ms%n", another.hosts().size(), took.toMillis());
            assertThat(took).as("usually a tenth of a second").isLessThan(ofSeconds(10));
        }
    }

    @Test
    void hostsKnowEachOtherFromTheStart() {
        for (EmbeddedHost host : cluster.hosts()) {
            assertThat(host.discovery().instances(HostPresence.SERVICE))
                    .extracting(HostPresence::hostId)
                    .containsExactlyInAnyOrder(Optional.of("host1"), Optional.of("host2"), Optional.of("host3"));
        }
    }

    @Test
    void aFormationRunsSpreadOverTheHosts() {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE));

        shop.scale("web", 6);

        assertThat(shop.upByHost()).isEqualTo(Map.of("host1", 2L, "host2", 2L, "host3", 2L));
        assertThat(cluster.hosts())
                .allSatisfy(host -> assertThat(host.jobs().running()).hasSize(2));
        assertThat(cluster.host(1).jobs().running()).extracting(JobSpec::cmd).containsOnly(List.of("serve"));
    }

    @Test
    void aFormationThatShrinksEndsJobs() {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE));
        shop.scale("web", 6);

        shop.scale("web", 3);

        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(cluster.hosts().stream()
                        .mapToInt(host -> host.jobs().running().size())
                        .sum())
                .isEqualTo(3);
    }

    @Test
    void whatIsWrittenAsRecordsIsDone() {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE));
        String formation = shop.id() + "/" + shop.release();

        cluster.state()
                .formations()
                .update(
                        formation,
                        read -> new Formation(
                                read.app(),
                                read.release(),
                                Map.of("web", 2),
                                Map.of("web", Map.of("disk", "fast")),
                                read.createdAt(),
                                read.updatedAt()));
        cluster.settle();
        assertThat(shop.jobs()).as("no host has the tag").isEmpty();
        cluster.state().hosts().update("host2", host -> host.withTags(Map.of("disk", "fast")));
        cluster.settle();

        assertThat(shop.upByHost()).isEqualTo(Map.of("host2", 2L));
    }

    @Test
    void noTimePassesByItself() {
        Instant before = cluster.clock().instant();
        cluster.app("shop", Map.of("web", SERVE)).scale("web", 3);
        assertThat(cluster.clock().instant()).isEqualTo(before);

        cluster.advance(ofSeconds(7));

        assertThat(cluster.clock().instant()).isEqualTo(before.plusSeconds(7));
        assertThatThrownBy(() -> cluster.advance(ofMillis(-1))).hasMessageContaining("only goes forward");
    }

    @Test
    void hostsStayAliveHoweverFarTimeIsMoved() {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE));
        shop.scale("web", 3);
        long before = System.nanoTime();

        cluster.advance(ofMinutes(3));

        System.out.printf("three minutes passed in %d ms%n", (System.nanoTime() - before) / 1_000_000);
        assertThat(shop.jobs()).hasSize(3).allMatch(job -> job.state() == JobState.UP);
        assertThat(cluster.host(1).discovery().instances(HostPresence.SERVICE)).hasSize(3);
    }

    @Test
    void timeThatPassesUntilSomethingIsTrueIsTold() {
        Instant noon = cluster.clock().instant().plusSeconds(9);

        Duration took = cluster.advanceUntil(() -> !cluster.clock().instant().isBefore(noon), ofSeconds(30));

        assertThat(took).isBetween(ofSeconds(9), ofSeconds(10));
        assertThatThrownBy(() -> cluster.advanceUntil(() -> false, ofSeconds(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("PT1S");
    }

    @Test
    void aJobIsFoundInDiscoveryOnceItsCheckPassesAndNotAnyMoreWhenItFails() throws Exception {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", serving("shop-web")));
        cluster.host(1).jobs().onStart(job -> JobBehaviour.UNHEALTHY);
        shop.scale("web", 3);
        cluster.advance(ofSeconds(10));
        assertThat(hostsOf("shop-web")).containsExactlyInAnyOrder("host2", "host3");

        JobSpec job = cluster.host(1).jobs().running().get(0);
        cluster.host(1).jobs().setHealthy(job.id(), true);
        cluster.advanceUntil(() -> hostsOf("shop-web").contains("host1"), ofSeconds(60));
        assertThat(hostsOf("shop-web")).containsExactlyInAnyOrder("host1", "host2", "host3");
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(
                    cluster.host(1).address(), job.ports().get(0).port()));
        }

        cluster.host(1).jobs().setHealthy(job.id(), false);
        // a check is a real connection, which takes the time of the machine
        cluster.advanceUntil(() -> !hostsOf("shop-web").contains("host1"), ofSeconds(60));
        assertThat(hostsOf("shop-web")).containsExactlyInAnyOrder("host2", "host3");
    }

    @Test
    void whatAJobPrintsIsLogged() {
        var lines = new Lines();
        try (var logging = EmbeddedCluster.builder().hosts(1).logSink(lines).start()) {
            EmbeddedApp shop = logging.app("shop", Map.of("web", SERVE));
            shop.scale("web", 1);

            logging.host(1).jobs().print(shop.jobs().get(0).id(), "listening");
            logging.settle();

            assertThat(lines.of(shop.id())).containsExactly("listening");
        }
    }

    @Test
    void jobsRunInABackendOfTheCallers() {
        var backends = new FakeBackends();
        try (var own =
                EmbeddedCluster.builder().hosts(2).backend(backends::open).start()) {
            EmbeddedApp shop = own.app("shop", Map.of("web", SERVE));
            shop.scale("web", 2);

            assertThat(backends.started("host1")).hasSize(1);
            assertThat(backends.started("host2")).hasSize(1);
            assertThat(shop.jobs(JobState.UP)).hasSize(2);
            assertThatThrownBy(() -> own.host(1).jobs()).hasMessageContaining("backend of its own");
        }
        assertThat(backends.open()).isEmpty();
    }

    @Test
    void aNameIsTakenOnce() {
        cluster.app("shop", Map.of("web", SERVE));

        assertThatThrownBy(() -> cluster.app("shop", Map.of("web", SERVE)))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("shop");
    }

    @Test
    void twoClustersKnowNothingOfEachOther() {
        try (var other = EmbeddedCluster.builder().hosts(2).start()) {
            EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE));
            EmbeddedApp shopToo = other.app("shop", Map.of("web", SERVE));
            shop.scale("web", 3);
            shopToo.scale("web", 4);
            other.host(1).kill();
            other.advance(ofSeconds(60));

            assertThat(shop.upByHost()).isEqualTo(Map.of("host1", 1L, "host2", 1L, "host3", 1L));
            assertThat(shopToo.upByHost()).isEqualTo(Map.of("host2", 4L));
            assertThat(cluster.clock().instant()).isBefore(other.clock().instant());
        }
        assertThat(cluster.host(1).discovery().instances(HostPresence.SERVICE)).hasSize(3);
    }

    @Test
    void theSameHappensInTheSamePlaces() {
        assertThat(placesAfterADeath()).isEqualTo(placesAfterADeath());
    }

    private static Map<String, Long> placesAfterADeath() {
        try (var cluster = EmbeddedCluster.builder().hosts(4).seed(7).start()) {
            EmbeddedApp shop = cluster.app("shop", Map.of("web", SERVE, "worker", SERVE));
            shop.scale("web", 5);
            shop.scale("worker", 3);
            cluster.host(2).kill();
            cluster.advance(ofSeconds(60));
            assertThat(shop.jobs(JobState.UP)).hasSize(8);
            return shop.upByHost();
        }
    }

    @Test
    void closeLeavesNoThreadAndNoPortBehind() {
        EmbeddedApp shop = cluster.app("shop", Map.of("web", serving("shop-web")));
        shop.scale("web", 3);
        cluster.advance(ofSeconds(10));
        cluster.host(1).pause();
        cluster.host(2).cutOff();
        JobSpec job = cluster.host(3).jobs().running().get(0);
        assertThat(threadNames()).isNotEmpty();

        cluster.close();

        await().untilAsserted(() -> assertThat(threadNames()).isEmpty());
        assertThatThrownBy(() -> {
                    try (var socket = new Socket()) {
                        socket.connect(new InetSocketAddress(
                                cluster.host(3).address(), job.ports().get(0).port()));
                    }
                })
                .isInstanceOf(java.net.ConnectException.class);
    }

    /** It would go on without them, and no longer know when the cluster is quiet. */
    @Test
    void thePoolsThatAreLookedAtAreThere() {
        cluster.app("shop", Map.of("web", serving("shop-web"))).scale("web", 3);
        cluster.advance(ofSeconds(5));

        assertThat(ClusterThreads.POOLS)
                .allSatisfy(pool -> assertThat(threadNames()).anyMatch(name -> name.startsWith(pool)));
    }

    private Set<String> threadNames() {
        return cluster.threads().all().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .collect(Collectors.toSet());
    }

    private List<String> hostsOf(String service) {
        return cluster.host(3).discovery().instances(service).stream()
                .map(instance -> instance.meta().get("FLYNN_JOB_ID"))
                .map(job -> job.substring(0, job.indexOf('-')))
                .toList();
    }

    static ProcessType serving(String service) {
        var port = new Port(0, "tcp", Optional.of(new Service(service, true, Optional.of(HealthCheck.tcp()))));
        return SERVE.withPorts(List.of(port), Optional.of(service));
    }
}
