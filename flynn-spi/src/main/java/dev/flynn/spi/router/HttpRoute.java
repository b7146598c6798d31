package dev.flynn.spi.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * A domain and path that lead to a service, or to several by weight.
 *
 * <pre>{@code
 * HttpRoute.to("shop.example.org", "shop").sticky().build()
 * HttpRoute.to("shop.example.org", "shop").path("/api/").target("shop-next", 5).build()
 * }</pre>
 *
 * @param id names the route in messages
 * @param domain an exact host, {@code *.suffix}, or {@code *} for whatever no other domain matches; in any letter case
 * @param path starts and ends with a slash
 * @param port where the route serves: 0 for the router's own ports, else only on that port, where the router listens as
 *     long as a route names it, for plain HTTP and for TLS
 * @param targets at least one, of different services; with several, each new client that is not bound to a backend goes
 *     to one of them by weight
 * @param sticky whether a cookie keeps a client at one backend
 * @param leaderOnly whether only the leader among the backends gets requests
 * @param disableKeepAlives whether each request gets a connection of its own to the backend
 * @param certificate used when the path is {@code /}
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record HttpRoute(
        String id,
        String domain,
        String path,
        int port,
        List<Target> targets,
        boolean sticky,
        boolean leaderOnly,
        BackendProtocol protocol,
        boolean disableKeepAlives,
        Optional<RouteTable.Certificate> certificate,
        RoutePolicy policy) {

    static final int MAX_PORT = 65_534;

    public HttpRoute {
        requireNonNull(id, "id");
        requireNonNull(domain, "domain");
        requireNonNull(protocol, "protocol");
        requireNonNull(certificate, "certificate");
        requireNonNull(policy, "policy");
        if (!path.startsWith("/") || !path.endsWith("/")) {
            throw FlynnException.invalidField(
                    "path", "must start and end with a slash, was \"" + path + "\" in route " + id);
        }
        if (port < 0 || port > MAX_PORT) {
            throw FlynnException.invalidField(
                    "port", "must be 0 (the router's own) to " + MAX_PORT + ", was " + port + " in route " + id);
        }
        targets = List.copyOf(targets);
        if (targets.stream().noneMatch(target -> target.weight() > 0)) {
            throw FlynnException.invalidField("targets", "must hold a service with a weight above 0, in route " + id);
        }
    }

    /**
     * A service that a route leads to.
     *
     * @param weight its share beside the other targets of the route; 0 keeps it without new clients
     */
    public record Target(String service, int weight) {
        public Target {
            requireNonNull(service, "service");
            if (weight < 0) {
                throw FlynnException.invalidField("weight", "must not be below 0, was " + weight + " for " + service);
            }
        }
    }

    /** A route of the path {@code /} to one service, named after the domain, to change as needed. */
    public static Builder to(String domain, String service) {
        return new Builder(domain, service);
    }

    /** The same with this certificate. */
    public HttpRoute withCertificate(RouteTable.Certificate other) {
        return new HttpRoute(
                id,
                domain,
                path,
                port,
                targets,
                sticky,
                leaderOnly,
                protocol,
                disableKeepAlives,
                Optional.of(other),
                policy);
    }

    /** The service that gets most, the first of them when several do. */
    public String service() {
        Target most = targets.get(0);
        for (Target target : targets) {
            most = target.weight() > most.weight() ? target : most;
        }
        return most.service();
    }

    /** What a router must be able to do for this route. */
    public Set<RouterCapability> needs() {
        Set<RouterCapability> needs = EnumSet.noneOf(RouterCapability.class);
        need(needs, port > 0, RouterCapability.PORTS);
        need(needs, targets.size() > 1, RouterCapability.WEIGHTS);
        need(needs, sticky, RouterCapability.STICKY);
        need(needs, protocol == BackendProtocol.H2C, RouterCapability.H2C_BACKENDS);
        need(needs, disableKeepAlives, RouterCapability.KEEP_ALIVE_SWITCH);
        if (!policy.equals(RoutePolicy.NONE)) {
            addNeeds(policy, needs);
        }
        return needs;
    }

    private static void addNeeds(RoutePolicy policy, Set<RouterCapability> needs) {
        need(needs, policy.redirectToHttps(), RouterCapability.HTTPS_REDIRECT);
        need(needs, policy.maintenance().isPresent(), RouterCapability.MAINTENANCE);
        policy.auth()
                .map(Auth::scheme)
                .ifPresent(scheme -> needs.add(
                        scheme == Auth.Scheme.BASIC ? RouterCapability.BASIC_AUTH : RouterCapability.DIGEST_AUTH));
        need(
                needs,
                policy.rateLimit().isPresent() || policy.clientRateLimit().isPresent(),
                RouterCapability.RATE_LIMIT);
        need(needs, policy.maxConcurrent().isPresent(), RouterCapability.CONCURRENCY_LIMIT);
        need(needs, policy.maxBodyBytes().isPresent(), RouterCapability.BODY_LIMIT);
        need(
                needs,
                !policy.requestHeaders().isEmpty() || !policy.responseHeaders().isEmpty(),
                RouterCapability.HEADERS);
        need(needs, policy.healthCheck().isPresent(), RouterCapability.HEALTH_CHECKS);
        need(
                needs,
                policy.dialTimeout().isPresent() || policy.responseTimeout().isPresent(),
                RouterCapability.TIMEOUTS);
        need(needs, policy.idleTimeout().isPresent(), RouterCapability.IDLE_TIMEOUT);
    }

    private static void need(Set<RouterCapability> needs, boolean needed, RouterCapability capability) {
        if (needed) {
            needs.add(capability);
        }
    }

    /** Names and defaults are those of {@link HttpRoute}. */
    public static final class Builder {

        private static final int DEFAULT_WEIGHT = 100;

        private final String domain;
        private final List<Target> targets = new ArrayList<>();
        private Optional<String> id = Optional.empty();
        private String path = "/";
        private int port;
        private boolean sticky;
        private boolean leaderOnly;
        private BackendProtocol protocol = BackendProtocol.HTTP_1;
        private boolean disableKeepAlives;
        private Optional<RouteTable.Certificate> certificate = Optional.empty();
        private RoutePolicy policy = RoutePolicy.NONE;

        private Builder(String domain, String service) {
            this.domain = requireNonNull(domain, "domain");
            targets.add(new Target(service, DEFAULT_WEIGHT));
        }

        /** The domain, its port and the path if not told. */
        public Builder id(String value) {
            id = Optional.of(value);
            return this;
        }

        public Builder path(String value) {
            path = requireNonNull(value, "path");
            return this;
        }

        public Builder port(int value) {
            port = value;
            return this;
        }

        /** One service more, or another weight for one that is there; the first service has 100. */
        public Builder target(String service, int weight) {
            targets.removeIf(target -> target.service().equals(service));
            targets.add(new Target(service, weight));
            return this;
        }

        public Builder sticky() {
            return sticky(true);
        }

        public Builder sticky(boolean value) {
            sticky = value;
            return this;
        }

        public Builder leaderOnly() {
            return leaderOnly(true);
        }

        public Builder leaderOnly(boolean value) {
            leaderOnly = value;
            return this;
        }

        public Builder protocol(BackendProtocol value) {
            protocol = requireNonNull(value, "protocol");
            return this;
        }

        public Builder disableKeepAlives(boolean value) {
            disableKeepAlives = value;
            return this;
        }

        public Builder certificate(RouteTable.Certificate value) {
            return certificate(Optional.of(value));
        }

        public Builder certificate(Optional<RouteTable.Certificate> value) {
            certificate = requireNonNull(value, "certificate");
            return this;
        }

        public Builder policy(RoutePolicy value) {
            policy = requireNonNull(value, "policy");
            return this;
        }

        public HttpRoute build() {
            return new HttpRoute(
                    id.orElse(domain + (port > 0 ? ":" + port : "") + path),
                    domain,
                    path,
                    port,
                    targets,
                    sticky,
                    leaderOnly,
                    protocol,
                    disableKeepAlives,
                    certificate,
                    policy);
        }
    }
}
