package dev.flynn.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.AcmeValidation;
import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.certificate.DomainCertificate.State;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.base.SealingKey;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.NettyRouter;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.CertificateAttempt;
import dev.flynn.store.MemoryClusterStore;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates from a real authority, {@code pebble}, for a real router. */
@Timeout(120)
class AcmeCertificatesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DOMAIN = "shop.example.org";
    private static final String WILDCARD = "*.example.org";

    private static Pebble pebble;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final ClusterStore store = new MemoryClusterStore();
    private final ClusterState cluster = state(store);
    private final AcmeState state = new AcmeState(cluster);
    private final SealingKey sealingKey = SealingKey.random();

    /** All orders that were noted during the test. */
    private final Set<String> orders = new ConcurrentSkipListSet<>();

    @BeforeAll
    static void startAuthority(@TempDir Path directory) throws Exception {
        pebble = new Pebble(directory, Duration.ofDays(90), Map.of("PEBBLE_AUTHZREUSE", "0"));
    }

    @AfterAll
    static void stopAuthority() throws Exception {
        pebble.close();
    }

    @BeforeEach
    void noteOrders() {
        opened.push(store);
        opened.push(store.watch(
                state.attempts().key(""),
                0,
                (StoreChange change) -> change.changes()
                        .forEach(key -> key.entry()
                                .flatMap(entry -> cluster.json()
                                        .read(entry.value(), CertificateAttempt.class)
                                        .order())
                                .ifPresent(orders::add)))::close);
    }

    @AfterEach
    void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    // ---- validation

    @Test
    void aDomainIsValidatedByARequestAndItsCertificateServes() throws Exception {
        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));
        state.enable(pebble.settings().withValidation(AcmeValidation.HTTP_01));

        awaitIssued(DOMAIN);

        assertThat(shownBy(router, DOMAIN).getIssuerX500Principal().getName()).contains("Pebble");
        assertThat(shownBy(router, DOMAIN).getSubjectAlternativeNames()).containsExactly(List.of(2, DOMAIN));
        await().untilAsserted(() -> assertThat(state.challenges().list()).isEmpty());
    }

    @Test
    void aDomainIsValidatedByAHandshake() throws Exception {
        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));
        state.enable(pebble.settings().withValidation(AcmeValidation.TLS_ALPN_01));

        awaitIssued(DOMAIN);

        assertThat(shownBy(router, DOMAIN).getIssuerX500Principal().getName()).contains("Pebble");
    }

    @Test
    void aWildcardIsValidatedByTheDns() throws Exception {
        NettyRouter router =
                router(certificates(builder -> builder.domains(WILDCARD).dnsProvider("test", pebble.dns())));
        state.enable(pebble.settings().withDnsProvider("test"));

        awaitIssued(WILDCARD);

        assertThat(shownBy(router, "any.example.org").getSubjectAlternativeNames())
                .containsExactly(List.of(2, WILDCARD));
    }

    @Test
    void everyRouterAnswersWhoeverAsks() throws Exception {
        // the first one gets the certificate, and the authority asks the second one
        var unused = certificates(builder -> builder.domains(DOMAIN));
        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));
        state.enable(pebble.settings());

        awaitIssued(DOMAIN);

        assertThat(shownBy(router, DOMAIN).getIssuerX500Principal().getName()).contains("Pebble");
        assertThat(orders).hasSize(1);
    }

    @Test
    void aRedirectDoesNotKeepTheAuthorityAway() throws Exception {
        AtomicReference<RoutePolicy> policy = new AtomicReference<>(
                RoutePolicy.builder().redirectToHttps(true).build());
        var unused = router(certificates(builder -> builder.domains(DOMAIN)), policy.get());
        state.enable(pebble.settings().withValidation(AcmeValidation.HTTP_01));

        awaitIssued(DOMAIN);
    }

    @Test
    void routesThatAskForOneGetOne() {
        var unused = router(certificates(AcmeCertificates.Builder::domainsOfRoutes));
        state.enable(pebble.settings());
        create(Route.http("plain.example.org", "web").build());
        create(Route.http("Auto.example.org", "web").autoTls(true).build());

        awaitIssued("auto.example.org");
        assertThat(state.certificates().find("plain.example.org")).isEmpty();
    }

    private void create(Route route) {
        Transaction.Builder transaction = Transaction.builder();
        cluster.routes().create(transaction, route.formattedId(), route);
        assertThat(cluster.commit(transaction).committed()).isTrue();
    }

    // ---- failures

    @Test
    void aFailedValidationIsToldAndTheOtherWayIsTried() throws Exception {
        // nobody listens for requests, and later a router for handshakes only
        AcmeCertificates certificates = certificates(
                builder -> builder.domains(DOMAIN).schedule(new Schedule(Duration.ofHours(1), Duration.ofHours(1))));
        state.enable(pebble.settings());
        await().atMost(PATIENCE).until(() -> status(DOMAIN).state() == State.FAILING);

        DomainCertificate failing = status(DOMAIN);
        assertThat(failing.failures()).isEqualTo(1);
        assertThat(failing.error().orElseThrow())
                .contains("http-01 of " + DOMAIN)
                .contains("urn:ietf:params:acme:error:connection");
        assertThat(failing.nextAttemptAt().orElseThrow())
                .isAfter(failing.failedAt().orElseThrow().plusSeconds(3599));
        assertThat(state.challenges().list()).isEmpty();
        await().untilAsserted(() -> assertThat(cluster.events().history().events())
                .anySatisfy(event -> assertThat(event.objectType()).isEqualTo("certificate")));

        NettyRouter router = open(NettyRouter.builder()
                .listenIp("127.0.0.1")
                .httpPort(0)
                .httpsPort(pebble.tlsPort())
                .build());
        feed(router, certificates, RoutePolicy.NONE);
        state.retry(DOMAIN);
        awaitIssued(DOMAIN);
        assertThat(status(DOMAIN).failures()).isZero();
    }

    @Test
    void aWildcardWithoutTheDnsSaysWhatIsMissing() {
        var unused = certificates(builder -> builder.domains(WILDCARD));
        state.enable(pebble.settings());

        await().atMost(PATIENCE).until(() -> status(WILDCARD).state() == State.FAILING);
        assertThat(status(WILDCARD).error().orElseThrow()).contains("--dns-provider");
    }

    @Test
    void anAuthorityThatIsNotThereIsAskedAgain() {
        var unused = router(certificates(
                builder -> builder.domains(DOMAIN).schedule(new Schedule(Duration.ofHours(1), Duration.ofHours(1)))));
        AcmeSettings right = pebble.settings();
        state.enable(AcmeSettings.of("https://127.0.0.1:1/dir")
                .withCaCert(right.caCert().orElseThrow()));
        await().atMost(PATIENCE).until(() -> status(DOMAIN).state() == State.FAILING);

        state.enable(right);

        awaitIssued(DOMAIN);
    }

    // ---- deaths

    @Test
    void whoeverTakesOverGoesOnWithTheSameOrder() throws Exception {
        diesAfter(transaction ->
                transaction.operations().toString().contains(state.challenges().key("")));

        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));
        awaitIssued(DOMAIN);

        assertThat(shownBy(router, DOMAIN).getIssuerX500Principal().getName()).contains("Pebble");
        assertThat(orders).hasSize(1);
        await().untilAsserted(() -> assertThat(state.challenges().list()).isEmpty());
    }

    @Test
    void whatWasIssuedToTheDeadIsFetchedAndNotOrderedAgain() throws Exception {
        var dead = new FailingStore(store);
        AcmeCertificates certificates = certificates(dead, builder -> builder.domains(DOMAIN));
        router(certificates);
        // the authority has issued it, and what it issued is not kept
        dead.cutBefore(transaction -> transaction
                .operations()
                .toString()
                .contains(state.certificates().key("")));
        state.enable(pebble.settings());
        await().atMost(PATIENCE).until(dead::isCut);
        closeRouters();

        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));
        awaitIssued(DOMAIN);

        assertThat(shownBy(router, DOMAIN).getIssuerX500Principal().getName()).contains("Pebble");
        assertThat(orders).hasSize(1);
    }

    /** Somebody whom nobody hears any more after such a transaction. */
    private void diesAfter(Predicate<Transaction> last) {
        var dead = new FailingStore(store);
        dead.cutAfter(last);
        var unused = certificates(dead, builder -> builder.domains(DOMAIN));
        state.enable(pebble.settings());
        await().atMost(PATIENCE).until(dead::isCut);
        assertThat(state.certificates().list()).isEmpty();
    }

    @Test
    void whoComesBackOrdersNothingThatIsThere() throws Exception {
        AcmeCertificates before = certificates(builder -> builder.domains(DOMAIN));
        router(before);
        state.enable(pebble.settings());
        awaitIssued(DOMAIN);
        String serial = serial();
        before.close();
        closeRouters();

        NettyRouter router = router(certificates(builder -> builder.domains(DOMAIN)));

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                shownBy(router, DOMAIN).getSerialNumber().toString())
                        .isEqualTo(serial));
        assertThat(orders).hasSize(1);
    }

    private String serial() throws Exception {
        X509Certificate leaf = (X509Certificate) java.security.cert.CertificateFactory.getInstance("X.509")
                .generateCertificate(new java.io.ByteArrayInputStream(state.certificates()
                        .get(DOMAIN)
                        .value()
                        .chain()
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        return leaf.getSerialNumber().toString();
    }

    // ---- secrets

    @Test
    void noPrivateKeyIsInTheStoreForItsReaders() {
        var unused = router(certificates(builder -> builder.domains(DOMAIN)));
        state.enable(pebble.settings());
        awaitIssued(DOMAIN);

        String sealed = state.certificates().get(DOMAIN).value().sealedKey();
        String key = sealingKey.open(state.certificates().key(DOMAIN), sealed);
        assertThat(key).startsWith("-----BEGIN PRIVATE KEY-----");
        assertThat(store.list("").entries())
                .extracting(StoreEntry::value)
                .noneMatch(value -> value.contains("PRIVATE KEY"))
                .noneMatch(value -> value.contains(key.lines().toList().get(1)));
    }

    @Test
    void whoHasAnotherKeyServesTheDefaultOne() {
        var unused = router(certificates(builder -> builder.domains(DOMAIN)));
        state.enable(pebble.settings());
        awaitIssued(DOMAIN);

        AcmeCertificates other = open(AcmeCertificates.builder(cluster, SealingKey.random())
                .domains(DOMAIN)
                .build());
        RouteTable table =
                RouteTable.builder().route(HttpRoute.to(DOMAIN, "web")).build();
        assertThat(other.complete(table).routes().get(0).certificate()).isEmpty();
    }

    // ---- set-up

    private static ClusterState state(ClusterStore store) {
        return new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    }

    private <C extends AutoCloseable> C open(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    private AcmeCertificates certificates(UnaryOperator<AcmeCertificates.Builder> settings) {
        return certificates(store, settings);
    }

    private AcmeCertificates certificates(ClusterStore way, UnaryOperator<AcmeCertificates.Builder> settings) {
        return open(settings.apply(AcmeCertificates.builder(state(way), sealingKey)
                        .patience(Patience.usual().settlingIn(Duration.ofMillis(200)))
                        .leasePatience(Duration.ofSeconds(2))
                        .onChange(() -> refresh.get().run()))
                .build());
    }

    private final AtomicReference<Runnable> refresh = new AtomicReference<>(() -> {});

    private NettyRouter router(AcmeCertificates certificates) {
        return router(certificates, RoutePolicy.NONE);
    }

    /** Where the authority asks. */
    private NettyRouter router(AcmeCertificates certificates, RoutePolicy policy) {
        NettyRouter router = open(NettyRouter.builder()
                .listenIp("127.0.0.1")
                .httpPort(pebble.httpPort())
                .httpsPort(pebble.tlsPort())
                .build());
        feed(router, certificates, policy);
        return router;
    }

    private void feed(NettyRouter router, AcmeCertificates certificates, RoutePolicy policy) {
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to(DOMAIN, "web").policy(policy))
                .route(HttpRoute.to(WILDCARD, "web").policy(policy))
                .build();
        refresh.set(() -> {
            synchronized (router) {
                router.apply(certificates.complete(table));
            }
        });
        refresh.get().run();
    }

    private void closeRouters() throws Exception {
        refresh.set(() -> {});
        for (AutoCloseable each : List.copyOf(opened)) {
            if (each instanceof NettyRouter) {
                each.close();
            }
        }
    }

    private DomainCertificate status(String domain) {
        return state.status(domain);
    }

    private void awaitIssued(String domain) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(status(domain).state())
                        .as(() -> status(domain).toString())
                        .isEqualTo(State.ISSUED));
    }

    /** Waits until it is the authority's. */
    private static X509Certificate shownBy(NettyRouter router, String name) {
        AtomicReference<X509Certificate> shown = new AtomicReference<>();
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            try (SSLSocket socket =
                    (SSLSocket) trustingEveryone().getSocketFactory().createSocket()) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(name)));
                socket.setSSLParameters(parameters);
                socket.connect(router.httpsAddress().orElseThrow());
                socket.startHandshake();
                shown.set((X509Certificate) socket.getSession().getPeerCertificates()[0]);
                return true;
            }
        });
        return shown.get();
    }

    private static SSLContext trustingEveryone() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEveryone()}, null);
        return context;
    }

    private static final class TrustEveryone extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
