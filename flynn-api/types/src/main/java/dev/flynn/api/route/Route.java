package dev.flynn.api.route;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.RouteId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A domain, with a path, or a port that leads to a service (contract: controller, Route; layer 1, Router).
 *
 * @param type {@code http} or {@code tcp}
 * @param parentRef who owns the route: {@code controller/apps/<app id>}
 * @param domain of an http route: an exact host, {@code *.suffix} or {@code *}
 * @param path of an http route: starts and ends with a slash
 * @param port of a tcp route: 1 to 65534
 * @param leader whether only the leader of the service gets traffic
 * @param drainBackends whether a job of the service is stopped only when no router has anything in flight there; it is
 *     enough if one route of the service says so
 * @param disableKeepAlives of an http route: whether each request gets a connection of its own to the backend
 * @param backendProtocol of an http route: HTTP/1.1 if not told
 * @param weights of an http route: further services and their share beside the route's own, which has 100 if it is not
 *     named here
 * @param policy of an http route: what else the router does with its requests
 * @param autoTls of an http route: whether the cluster gets a certificate for the domain and renews it
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Route(
        String type,
        RouteId id,
        String parentRef,
        String service,
        Optional<String> domain,
        Optional<String> path,
        Optional<Integer> port,
        Optional<String> tlsCert,
        Optional<String> tlsKey,
        boolean sticky,
        boolean leader,
        boolean drainBackends,
        boolean disableKeepAlives,
        Optional<BackendProtocol> backendProtocol,
        Map<String, Integer> weights,
        Optional<RoutePolicy> policy,
        boolean autoTls,
        Instant createdAt,
        Instant updatedAt) {

    public static final String HTTP = "http";
    public static final String TCP = "tcp";

    public Route {
        if (!type.equals(HTTP) && !type.equals(TCP)) {
            throw FlynnException.invalidField("type", "Invalid route type");
        }
        weights = Map.copyOf(weights);
    }

    /** A route of the path {@code /}, to change as needed. */
    public static Builder http(String domain, String service) {
        var builder = new Builder(HTTP, service);
        builder.domain = Optional.of(domain);
        builder.path = Optional.of("/");
        return builder;
    }

    public static Builder tcp(int port, String service) {
        var builder = new Builder(TCP, service);
        builder.port = Optional.of(port);
        return builder;
    }

    public Builder toBuilder() {
        var builder = new Builder(type, service);
        builder.id = id;
        builder.parentRef = parentRef;
        builder.domain = domain;
        builder.path = path;
        builder.port = port;
        builder.tlsCert = tlsCert;
        builder.tlsKey = tlsKey;
        builder.sticky = sticky;
        builder.leader = leader;
        builder.drainBackends = drainBackends;
        builder.disableKeepAlives = disableKeepAlives;
        builder.backendProtocol = backendProtocol;
        builder.weights = weights;
        builder.policy = policy;
        builder.autoTls = autoTls;
        builder.createdAt = createdAt;
        builder.updatedAt = updatedAt;
        return builder;
    }

    /** Without its key pair and the hashes of passwords: for events and messages. */
    public Route withoutSecrets() {
        return toBuilder()
                .tls(Optional.empty(), Optional.empty())
                .policy(policy.map(RoutePolicy::withoutAuth))
                .build();
    }

    /** The id as users see it and URLs carry it: {@code http/<uuid>}. */
    public String formattedId() {
        return type + "/" + id;
    }

    @Override
    public String toString() {
        return formattedId() + " " + domain.orElse("") + path.orElse("")
                + port.map(p -> ":" + p).orElse("") + " -> " + service;
    }

    /** Names are those of {@link Route}; the id is a fresh one unless told. */
    public static final class Builder {

        private final String type;
        private RouteId id = RouteId.random();
        private String parentRef = "";
        private String service;
        private Optional<String> domain = Optional.empty();
        private Optional<String> path = Optional.empty();
        private Optional<Integer> port = Optional.empty();
        private Optional<String> tlsCert = Optional.empty();
        private Optional<String> tlsKey = Optional.empty();
        private boolean sticky;
        private boolean leader;
        private boolean drainBackends;
        private boolean disableKeepAlives;
        private Optional<BackendProtocol> backendProtocol = Optional.empty();
        private Map<String, Integer> weights = Map.of();
        private Optional<RoutePolicy> policy = Optional.empty();
        private boolean autoTls;
        private Instant createdAt = Instant.EPOCH;
        private Instant updatedAt = Instant.EPOCH;

        private Builder(String type, String service) {
            this.type = type;
            this.service = requireNonNull(service, "service");
        }

        public Builder id(RouteId value) {
            id = requireNonNull(value, "id");
            return this;
        }

        public Builder parentRef(String value) {
            parentRef = requireNonNull(value, "parentRef");
            return this;
        }

        public Builder service(String value) {
            service = requireNonNull(value, "service");
            return this;
        }

        public Builder path(String value) {
            path = Optional.of(value);
            return this;
        }

        /** The chain and the key in PEM, or none. */
        public Builder tls(Optional<String> chain, Optional<String> key) {
            tlsCert = requireNonNull(chain, "chain");
            tlsKey = requireNonNull(key, "key");
            return this;
        }

        public Builder sticky(boolean value) {
            sticky = value;
            return this;
        }

        public Builder leader(boolean value) {
            leader = value;
            return this;
        }

        public Builder drainBackends(boolean value) {
            drainBackends = value;
            return this;
        }

        public Builder disableKeepAlives(boolean value) {
            disableKeepAlives = value;
            return this;
        }

        public Builder backendProtocol(Optional<BackendProtocol> value) {
            backendProtocol = requireNonNull(value, "backendProtocol");
            return this;
        }

        public Builder weights(Map<String, Integer> value) {
            weights = Map.copyOf(value);
            return this;
        }

        public Builder policy(Optional<RoutePolicy> value) {
            policy = requireNonNull(value, "policy");
            return this;
        }

        public Builder autoTls(boolean value) {
            autoTls = value;
            return this;
        }

        public Builder createdAt(Instant value) {
            createdAt = requireNonNull(value, "createdAt");
            return this;
        }

        public Builder updatedAt(Instant value) {
            updatedAt = requireNonNull(value, "updatedAt");
            return this;
        }

        public Route build() {
            return new Route(
                    type,
                    id,
                    parentRef,
                    service,
                    domain,
                    path,
                    port,
                    tlsCert,
                    tlsKey,
                    sticky,
                    leader,
                    drainBackends,
                    disableKeepAlives,
                    backendProtocol,
                    weights,
                    policy,
                    autoTls,
                    createdAt,
                    updatedAt);
        }
    }
}
