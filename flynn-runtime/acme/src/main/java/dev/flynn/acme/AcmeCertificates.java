package dev.flynn.acme;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import dev.flynn.base.Closer;
import dev.flynn.base.SealingKey;
import dev.flynn.spi.dns.DnsChallengeProvider;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.state.ClusterState;
import dev.flynn.state.acme.AcmeState;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Certificates for a router's domains, from an authority that speaks ACME: got, kept encrypted in the store, renewed two thirds
 * into their lifetime. Where several routers share a store, each has one of these, and one of them at a time does the work for all;
 * when it dies, another goes on with the same order.
 *
 * <p>The router needs to listen where the authority asks: on port 80 of the domain (HTTP-01), or 443 (TLS-ALPN-01). With a
 * {@link NettyRouter} alone, without a cluster:
 *
 * <pre>{@code
 * var state = new ClusterState(RatisClusterStore.builder(directory).build(), new FlynnJson(), Clock.systemUTC());
 * new AcmeState(state).enable(AcmeSettings.of(AcmeSettings.LETS_ENCRYPT));
 * RouteTable table = RouteTable.builder().route(HttpRoute.to("shop.example.org", "shop")).backends(…).build();
 *
 * NettyRouter router = NettyRouter.builder().httpPort(80).httpsPort(443).build();
 * var changed = new AtomicReference<Runnable>(() -> {});
 * AcmeCertificates certificates = AcmeCertificates.builder(state, SealingKey.of(thirtyTwoBytesFromAFile))
 *         .domains("shop.example.org")
 *         .onChange(() -> changed.get().run())
 *         .build();
 * changed.set(() -> {
 *     synchronized (router) { // an older table must not come after a newer one
 *         router.apply(certificates.complete(table));
 *     }
 * });
 * changed.get().run();
 * }</pre>
 *
 * <p>Keep the sealing key: without it, the certificates in the store are of no use, and new ones are asked for only when they
 * are due. Thread-safe.
 */
public final class AcmeCertificates implements AutoCloseable {

    private final Closer closer = new Closer();
    private final AcmeState state;
    private final Supplier<Set<String>> wanted;
    private final CertificateView view;

    private AcmeCertificates(Builder builder) {
        this.state = new AcmeState(builder.cluster);
        try {
            Optional<RouteDomains> routes =
                    builder.routes ? Optional.of(closer.register(new RouteDomains(builder.cluster))) : Optional.empty();
            this.wanted =
                    routes.<Supplier<Set<String>>>map(domains -> domains).orElse(() -> Set.copyOf(builder.domains));
            this.view = closer.register(new CertificateView(state, builder.sealingKey, builder.onChange));
            var renewer = closer.register(renewer(builder));
            routes.ifPresent(domains -> domains.onChange(renewer::wake));
            renewer.start();
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private Renewer renewer(Builder builder) {
        var lease = new Lease(builder.cluster, UUID.randomUUID().toString(), builder.leasePatience);
        var validations = new Validations(state, lease, builder.patience, builder.dnsProviders);
        var issuance = new Issuance(
                builder.cluster, state, builder.sealingKey, lease, validations, builder.patience, builder.schedule);
        var accounts = new Accounts(state, builder.sealingKey, lease);
        return new Renewer(builder.cluster, state, wanted, lease, accounts, validations, issuance, builder.patience);
    }

    /**
     * @param cluster where certificates are kept, and the settings ({@link AcmeState#enable})
     * @param sealingKey the same for all routers that share a store, and kept elsewhere
     */
    public static Builder builder(ClusterState cluster, SealingKey sealingKey) {
        return new Builder(cluster, sealingKey);
    }

    /**
     * The table with the certificates that are there for those of its routes which have none of their own, and with answers for
     * authorities. To be applied after each change of the table, and after each call of the listener; by one thread at a time,
     * so that the newest comes last. Routes that nothing changed for are the same objects as before.
     */
    public RouteTable complete(RouteTable table) {
        return view.complete(table, wanted.get());
    }

    /** How it stands with each domain that is wanted. */
    public List<DomainCertificate> status() {
        return state.status(wanted.get());
    }

    /** Ends what goes on; another takes it up, or this one after its next start. */
    @Override
    public void close() {
        closer.close();
    }

    /** What it is made of. */
    public static final class Builder {

        private final ClusterState cluster;
        private final SealingKey sealingKey;
        private final Set<String> domains = new TreeSet<>();
        private final Map<String, DnsChallengeProvider> dnsProviders = new HashMap<>();
        private boolean routes;
        private Runnable onChange = () -> {};
        private Patience patience = Patience.usual();
        private Schedule schedule = Schedule.DEFAULT;
        private Duration leasePatience = Lease.PATIENCE;

        private Builder(ClusterState cluster, SealingKey sealingKey) {
            this.cluster = requireNonNull(cluster, "cluster");
            this.sealingKey = requireNonNull(sealingKey, "sealingKey");
        }

        /**
         * For these.
         *
         * @throws FlynnException {@code VALIDATION} for one that no authority issues a certificate for
         */
        public Builder domains(String... names) {
            Stream.of(names).map(name -> name.toLowerCase(Locale.ROOT)).forEach(name -> {
                AcmeState.requirePossible(name);
                domains.add(name);
            });
            return this;
        }

        /** For those of the cluster's routes that ask for it ({@link Route#autoTls}), instead of domains that are told. */
        public Builder domainsOfRoutes() {
            routes = true;
            return this;
        }

        /** Called on a thread of the store when {@link #complete} has another answer; must be quick. */
        public Builder onChange(Runnable listener) {
            onChange = requireNonNull(listener, "listener");
            return this;
        }

        /**
         * What sets records of the DNS when the settings name it; the caller closes it. Wildcards need one.
         *
         * @param name as the settings have it
         */
        public Builder dnsProvider(String name, DnsChallengeProvider provider) {
            dnsProviders.put(name, requireNonNull(provider, "provider"));
            return this;
        }

        /** For an authority that asks at once, in tests. */
        Builder patience(Patience value) {
            patience = value;
            return this;
        }

        /** When to ask again after a failure. */
        Builder schedule(Schedule value) {
            schedule = value;
            return this;
        }

        /** After which one that gives no sign of life is replaced. */
        Builder leasePatience(Duration value) {
            leasePatience = value;
            return this;
        }

        public AcmeCertificates build() {
            return new AcmeCertificates(this);
        }
    }
}
