package dev.flynn.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.certificate.DomainCertificate.State;
import dev.flynn.base.SealingKey;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.NettyRouter;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.state.ClusterState;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.store.MemoryClusterStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens over time: to certificates that last for some seconds, with an authority that is slow or forgets. */
@Timeout(120)
class RenewalTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String DOMAIN = "shop.example.org";

    @TempDir
    Path directory;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState cluster = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final AcmeState state = new AcmeState(cluster);
    private final AtomicReference<Runnable> refresh = new AtomicReference<>(() -> {});

    private AcmeCertificates.Builder certificates() {
        return AcmeCertificates.builder(cluster, SealingKey.random())
                .patience(Patience.usual().settlingIn(Duration.ofMillis(200)))
                .schedule(new Schedule(Duration.ofMillis(500), Duration.ofSeconds(1)))
                .onChange(() -> refresh.get().run());
    }

    private NettyRouter router(Pebble pebble, AcmeCertificates certificates) {
        NettyRouter router = NettyRouter.builder()
                .listenIp("127.0.0.1")
                .httpPort(pebble.httpPort())
                .httpsPort(pebble.tlsPort())
                .build();
        RouteTable table =
                RouteTable.builder().route(HttpRoute.to(DOMAIN, "web")).build();
        refresh.set(() -> {
            synchronized (router) {
                router.apply(certificates.complete(table));
            }
        });
        refresh.get().run();
        return router;
    }

    @Test
    void theNextOneIsThereBeforeTheFirstHasExpired() throws Exception {
        try (Pebble pebble = new Pebble(directory, Duration.ofSeconds(6), Map.of());
                AcmeCertificates certificates = certificates().domains(DOMAIN).build();
                NettyRouter router = router(pebble, certificates)) {
            state.enable(pebble.settings());
            await().atMost(PATIENCE).until(() -> state.status(DOMAIN).state() == State.ISSUED);
            var first = state.certificates().get(DOMAIN).value();

            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> !state.certificates().get(DOMAIN).value().equals(first));

            var second = state.certificates().get(DOMAIN).value();
            assertThat(second.notBefore()).isBefore(first.notAfter());
            assertThat(second.sealedKey()).isNotEqualTo(first.sealedKey());
            assertThat(router.httpsAddress()).isPresent();
        }
    }

    @Test
    void anAuthorityThatTakesItsTimeAndForgetsAccountsIsCopedWith() throws Exception {
        Map<String, String> slow =
                Map.of("PEBBLE_VA_NOSLEEP", "0", "PEBBLE_VA_SLEEPTIME", "2", "PEBBLE_WFE_NONCEREJECT", "40");
        try (Pebble pebble = new Pebble(directory, Duration.ofDays(90), slow);
                AcmeCertificates certificates =
                        certificates().domains(DOMAIN, "other.example.org").build();
                NettyRouter router = router(pebble, certificates)) {
            state.enable(pebble.settings());
            await().atMost(PATIENCE)
                    .until(() -> state.status(DOMAIN).state() == State.ISSUED
                            && state.status("other.example.org").state() == State.ISSUED);
            pebble.restart();
            store.commit(dev.flynn.spi.store.Transaction.builder()
                    .delete(state.certificates().key(DOMAIN))
                    .build());

            await().atMost(PATIENCE).until(() -> state.status(DOMAIN).state() == State.ISSUED);
            assertThat(router.httpAddress()).isNotNull();
        }
    }
}
