package dev.flynn.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.base.SealingKey;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.IssuedCertificate;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CertificateViewTest {

    private static final Set<String> WANTED = Set.of("shop.example.org");

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState cluster = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final AcmeState state = new AcmeState(cluster);
    private final SealingKey sealingKey = SealingKey.random();
    private final CertificateView view = new CertificateView(state, sealingKey, () -> {});

    @AfterEach
    void close() {
        view.close();
        store.close();
    }

    private IssuedCertificate issued(String chain) {
        String sealed = sealingKey.seal(state.certificates().key("shop.example.org"), "key of " + chain);
        return new IssuedCertificate("directory", chain, sealed, Instant.EPOCH, Instant.EPOCH, Instant.EPOCH);
    }

    private Optional<String> chain(RouteTable table) {
        return view.complete(table, WANTED).routes().get(0).certificate().map(RouteTable.Certificate::chain);
    }

    /** A router compares objects: with others, each change of the table would be one of all routes. */
    @Test
    void aRouteThatNothingChangedForIsTheSameObject() {
        Transaction.Builder creation = Transaction.builder();
        state.certificates().create(creation, "shop.example.org", issued("first"));
        cluster.commit(creation);
        HttpRoute shop = HttpRoute.to("Shop.example.org", "shop").build();
        RouteTable table = RouteTable.builder().route(shop).build();
        await().until(() -> chain(table).equals(Optional.of("first")));

        HttpRoute completed = view.complete(table, WANTED).routes().get(0);
        RouteTable larger = RouteTable.builder()
                .route(HttpRoute.to("other.example.org", "other"))
                .route(shop)
                .build();
        assertThat(view.complete(larger, WANTED).routes().get(1)).isSameAs(completed);

        state.certificates().update("shop.example.org", before -> issued("second"));
        await().until(() -> chain(table).equals(Optional.of("second")));
    }

    @Test
    void aRouteThatIsNotWantedIsLeftAsItIs() {
        HttpRoute plain = HttpRoute.to("plain.example.org", "plain").build();

        assertThat(view.complete(RouteTable.builder().route(plain).build(), WANTED)
                        .routes())
                .singleElement()
                .isSameAs(plain);
    }
}
