package dev.flynn.bootstrap;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.job.JobState;
import dev.flynn.base.ClusterCertificate;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class DefaultManifestTest {

    private static final ClusterCertificate CERTIFICATE =
            ClusterCertificate.generate(List.of("flynn.test"), Instant.now());

    private TestPlatform platform = new TestPlatform("host1");

    @AfterEach
    void close() {
        platform.close();
    }

    @Test
    void aClusterHasAllItsAppsAndRoutes() {
        BootstrapResult result = bootstrap(Killer.never());

        assertThat(apps().keySet())
                .containsExactlyInAnyOrder("controller", "router", "blobstore", "gitreceive", "logaggregator");
        assertThat(apps().values()).allMatch(App::isSystemApp).allMatch(App::isProtected);
        assertThat(apps().get("controller").strategy()).isEqualTo(Strategy.ONE_BY_ONE);
        assertThat(apps().get("controller").deployTimeout()).isEqualTo(120);
        assertThat(platform.state.routes().list())
                .extracting(
                        route -> route.value().domain().orElseThrow(),
                        route -> route.value().service())
                .containsExactlyInAnyOrder(
                        tuple("controller.flynn.test", "controller"), tuple("git.flynn.test", "gitreceive"));
        assertThat(platform.state.routes().list())
                .map(Versioned::value)
                .allMatch(route -> route.tlsCert().isPresent() && route.tlsKey().isPresent());
        assertThat(jobsByType())
                .isEqualTo(Map.of(
                        "controller.web", 1,
                        "controller.scheduler", 1,
                        "controller.worker", 1,
                        "router.app", 1,
                        "blobstore.web", 1,
                        "gitreceive.app", 1,
                        "logaggregator.app", 1));
        assertThat(result.pin()).contains(CERTIFICATE.pin());
        assertThat(result.caCert()).contains(CERTIFICATE.caCert());
        assertThat(result.clusterAddLine())
                .contains("flynn cluster add -p %s default flynn.test:8443 %s"
                        .formatted(CERTIFICATE.pin(), result.controllerKey().orElseThrow()));
    }

    @Test
    void theAppsAreConfigured() {
        String key = bootstrap(Killer.never()).controllerKey().orElseThrow();

        assertThat(key).matches("[0-9a-f]{32}");
        assertThat(envOf("controller"))
                .containsEntry("AUTH_KEY", key)
                .containsEntry("DEFAULT_ROUTE_DOMAIN", "flynn.test")
                .containsEntry("CA_CERT", CERTIFICATE.caCert())
                .containsKey("NAME_SEED")
                .doesNotContainKeys("BACKOFF_PERIOD", "HTTP_PORT");
        assertThat(envOf("router"))
                .containsEntry("TLSCERT", CERTIFICATE.cert())
                .containsEntry("TLSKEY", CERTIFICATE.key())
                .hasEntrySatisfying(
                        "COOKIE_KEY", cookieKey -> assertThat(cookieKey).isBase64());
        assertThat(envOf("gitreceive"))
                .containsEntry("CONTROLLER_KEY", key)
                .containsEntry("SLUGRUNNER_IMAGE_URI", "host:slugrunner");
        assertThat(envOf("blobstore")).containsEntry("CONTROLLER_KEY", key);
        // what runs is what the controller knows
        assertThat(platform.jobs(job -> true))
                .allSatisfy(job -> assertThat(platform.state
                                .releases()
                                .get(job.release().orElseThrow().toString())
                                .value()
                                .env())
                        .allSatisfy(
                                (name, value) -> assertThat(job.spec().env()).containsEntry(name, value)));
    }

    @Test
    void aGivenKeyIsUsed() {
        Map<String, String> env = env();
        env.put("CONTROLLER_KEY", "opensesame");

        assertThat(bootstrap(env, Killer.never()).controllerKey()).contains("opensesame");
        assertThat(envOf("controller")).containsEntry("AUTH_KEY", "opensesame");
    }

    @Test
    void aHealthyClusterIsNotChanged() {
        BootstrapResult first = bootstrap(Killer.never());
        Map<String, String> before = everything();

        Map<String, String> env = env();
        env.put("CONTROLLER_KEY", "another");
        BootstrapResult second = bootstrap(env, Killer.never());

        assertThat(everything()).isEqualTo(before);
        assertThat(second).isEqualTo(first);
    }

    @Test
    void whatTheOperatorChangedSinceStaysChanged() {
        bootstrap(Killer.never());
        App blobstore = apps().get("blobstore");
        String formation =
                ClusterState.formationId(blobstore.id(), blobstore.release().orElseThrow());
        platform.state.formations().update(formation, read -> read.withProcesses(Map.of(), read.updatedAt()));
        await().until(() -> !jobsByType().containsKey("blobstore.web"));
        App controller = apps().get("controller");
        platform.state
                .formations()
                .update(
                        ClusterState.formationId(
                                controller.id(), controller.release().orElseThrow()),
                        read -> read.withProcesses(Map.of("web", 2, "scheduler", 1), read.updatedAt()));
        await().until(() -> jobsByType().getOrDefault("controller.web", 0) == 2
                && !jobsByType().containsKey("controller.worker"));
        Map<String, Integer> before = jobsByType();

        Map<String, String> env = env();
        bootstrap(env, Killer.never());

        assertThat(jobsByType()).isEqualTo(before);
    }

    @Test
    void aClusterThatLostAllItsJobsGetsThemBack() {
        BootstrapResult first = bootstrap(Killer.never());
        platform.loseAllJobs();
        assertThat(jobsByType()).isEmpty();

        assertThat(bootstrap(Killer.never())).isEqualTo(first);

        await().untilAsserted(() -> assertThat(jobsByType())
                .hasSize(7)
                .allSatisfy((type, count) -> assertThat(count).isEqualTo(1)));
        assertThat(apps()).hasSize(5);
    }

    @Test
    void anInterruptionAtAnyPointLosesNothingAndDoublesNothing() {
        int point = 1;
        while (true) {
            Killer killer = Killer.atPoint(point);
            boolean killed = false;
            try {
                bootstrap(killer);
            } catch (FlynnException e) {
                assertThat(e).hasRootCauseInstanceOf(Killer.Killed.class);
                killed = true;
            }
            Map<String, String> kept = stepResults();

            BootstrapResult result = bootstrap(Killer.never());

            assertThat(stepResults()).as("killed at point %d", point).containsAllEntriesOf(kept);
            assertIsComplete(result, point);
            if (!killed) {
                break;
            }
            point++;
            platform.close();
            platform = new TestPlatform("host1");
        }
        assertThat(point).isGreaterThan(50);
    }

    private void assertIsComplete(BootstrapResult result, int point) {
        assertThat(apps()).as("killed at point %d", point).hasSize(5);
        assertThat(platform.state.apps().list()).hasSize(5);
        assertThat(platform.state.releases().list())
                .as("killed at point %d", point)
                .hasSize(5);
        assertThat(platform.state.formations().list()).hasSize(5);
        assertThat(platform.state.artifacts().list()).hasSize(5);
        assertThat(platform.state.routes().list()).hasSize(2);
        assertThat(jobsByType().values())
                .as("killed at point %d: %s", point, jobsByType())
                .containsOnly(1)
                .hasSize(7);
        assertThat(platform.jobs(job -> true))
                .extracting(job -> job.type().orElseThrow() + " of " + job.app().orElseThrow())
                .as("killed at point %d", point)
                .hasSize(7);
        assertThat(envOf("controller"))
                .containsEntry("AUTH_KEY", result.controllerKey().orElseThrow());
        assertThat(envOf("gitreceive"))
                .containsEntry("CONTROLLER_KEY", result.controllerKey().orElseThrow());
    }

    @Test
    void aClusterOfThreeHostsHasOmniAppsOnEach() {
        platform.addHost("host2");
        platform.addHost("host3");

        builder(env(), Killer.never()).minHosts(3).build().run();

        await().untilAsserted(() -> assertThat(jobsByType())
                .containsEntry("controller.scheduler", 3)
                .containsEntry("router.app", 3)
                .containsEntry("controller.web", 2)
                .containsEntry("controller.worker", 2));
    }

    @Test
    void aMissingVariableIsNamedBeforeAnythingIsDone() {
        assertThatThrownBy(() -> bootstrap(Map.of("CLUSTER_DOMAIN", "flynn.test"), Killer.never()))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("require-env")
                .hasMessageContaining("Missing required environment variable(s): ROUTER_LISTEN_IP, HTTP_PORT");
        assertThat(platform.jobs(job -> true)).isEmpty();
    }

    // ---- helpers

    private BootstrapResult bootstrap(Killer killer) {
        return bootstrap(env(), killer);
    }

    private BootstrapResult bootstrap(Map<String, String> env, Killer killer) {
        return builder(env, killer).build().run();
    }

    private Bootstrap.Builder builder(Map<String, String> env, Killer killer) {
        var state = new ClusterState(new MortalStore(platform.store, killer), new FlynnJson(), Clock.systemUTC());
        return Bootstrap.builder(state, platform.discovery)
                .env(env)
                .patience(Duration.ofSeconds(30))
                .controller(() -> new FakeController(platform.state, killer));
    }

    private Map<String, String> env() {
        return new HashMap<>(Map.of(
                "CLUSTER_DOMAIN",
                "flynn.test",
                "CLUSTER_URL_DOMAIN",
                "flynn.test:8443",
                "ROUTER_LISTEN_IP",
                "127.0.0.1",
                "HTTP_PORT",
                String.valueOf(platform.pagePort()),
                "HTTPS_PORT",
                "8443",
                "TLS_CA",
                CERTIFICATE.caCert(),
                "TLS_CERT",
                CERTIFICATE.cert(),
                "TLS_KEY",
                CERTIFICATE.key()));
    }

    private Map<String, App> apps() {
        return platform.state.apps().list().stream().map(Versioned::value).collect(toMap(App::name, app -> app));
    }

    private Map<String, String> envOf(String app) {
        return platform.state
                .releases()
                .get(apps().get(app).release().orElseThrow().toString())
                .value()
                .env();
    }

    /** Jobs that are up, by app and type. */
    private Map<String, Integer> jobsByType() {
        return platform.jobs(job -> job.state() == JobState.UP && !job.stopRequested()).stream()
                .collect(toMap(
                        job -> job.spec().env().get("FLYNN_APP_NAME") + "."
                                + job.type().orElseThrow(),
                        job -> 1,
                        Integer::sum));
    }

    private Map<String, String> stepResults() {
        return entries(StepResults.RESULTS);
    }

    private Map<String, String> everything() {
        return entries("");
    }

    private Map<String, String> entries(String prefix) {
        return platform.store.list(prefix).entries().stream().collect(toMap(StoreEntry::key, StoreEntry::value));
    }
}
