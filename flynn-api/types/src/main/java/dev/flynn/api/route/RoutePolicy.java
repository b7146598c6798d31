package dev.flynn.api.route;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * What a router does with the requests of a route, besides carrying them. Applied in this order: redirect, maintenance,
 * auth, rates, concurrency, body size.
 *
 * <p>Limits are counted by each router for itself, and by route.
 *
 * @param redirectToHttps whether plain requests are answered with a redirect to the same place under {@code https}
 * @param maintenance what every request is answered with, while there is such a thing
 * @param auth who may use the route
 * @param rateLimit for the route as a whole; beyond it, 429
 * @param clientRateLimit for each client address; beyond it, 429
 * @param maxConcurrent requests in flight; beyond it, 503
 * @param maxBodyBytes of a request; beyond it, 413
 * @param requestHeaders what is changed on the way to the backend
 * @param responseHeaders what is changed on the way to the client
 * @param healthCheck how backends are asked whether they can serve; those that cannot are chosen last
 * @param dialTimeout for a backend to accept; the router's own patience if not told
 * @param responseTimeout for a backend to begin its response; the router's own patience if not told
 * @param idleTimeout for which a response that has begun, or a connection after an upgrade, may pause; any time if not told
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record RoutePolicy(
        boolean redirectToHttps,
        Optional<Maintenance> maintenance,
        Optional<Auth> auth,
        Optional<RateLimit> rateLimit,
        Optional<RateLimit> clientRateLimit,
        OptionalInt maxConcurrent,
        OptionalLong maxBodyBytes,
        HeaderRules requestHeaders,
        HeaderRules responseHeaders,
        Optional<HealthCheck> healthCheck,
        Optional<Duration> dialTimeout,
        Optional<Duration> responseTimeout,
        Optional<Duration> idleTimeout) {

    private static final Duration LONGEST = Duration.ofDays(365);

    /** Carry, and nothing else. */
    public static final RoutePolicy NONE = builder().build();

    public RoutePolicy {
        requireNonNull(maintenance, "maintenance");
        requireNonNull(auth, "auth");
        requireNonNull(rateLimit, "rateLimit");
        requireNonNull(clientRateLimit, "clientRateLimit");
        requireNonNull(requestHeaders, "requestHeaders");
        requireNonNull(responseHeaders, "responseHeaders");
        requireNonNull(healthCheck, "healthCheck");
        if (maxConcurrent.isPresent() && maxConcurrent.getAsInt() < 1) {
            throw FlynnException.invalidField("max_concurrent", "must be at least 1, was " + maxConcurrent.getAsInt());
        }
        if (maxBodyBytes.isPresent() && maxBodyBytes.getAsLong() < 0) {
            throw FlynnException.invalidField("max_body_bytes", "must not be below 0, was " + maxBodyBytes.getAsLong());
        }
        dialTimeout.ifPresent(value -> requirePositive("dial_timeout", value));
        responseTimeout.ifPresent(value -> requirePositive("response_timeout", value));
        idleTimeout.ifPresent(value -> requirePositive("idle_timeout", value));
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The same, to change as needed. */
    public Builder toBuilder() {
        return new Builder()
                .redirectToHttps(redirectToHttps)
                .maintenance(maintenance)
                .auth(auth)
                .rateLimit(rateLimit)
                .clientRateLimit(clientRateLimit)
                .maxConcurrent(maxConcurrent)
                .maxBodyBytes(maxBodyBytes)
                .requestHeaders(requestHeaders)
                .responseHeaders(responseHeaders)
                .healthCheck(healthCheck)
                .dialTimeout(dialTimeout)
                .responseTimeout(responseTimeout)
                .idleTimeout(idleTimeout);
    }

    /** The same for everybody. */
    public RoutePolicy withoutAuth() {
        return toBuilder().auth(Optional.empty()).build();
    }

    private static void requirePositive(String field, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw FlynnException.invalidField(field, "must be longer than zero, was " + value);
        }
        if (value.compareTo(LONGEST) > 0) {
            throw FlynnException.invalidField(field, "must not be longer than " + LONGEST + ", was " + value);
        }
    }

    private static void requireVisible(String field, String value) {
        if (value.chars().anyMatch(c -> c < ' ' && c != '\t' || c > '~')) {
            throw FlynnException.invalidField(field, "must be plain text in one line, was \"" + value + "\"");
        }
    }

    /**
     * The answer while a route is out of service.
     *
     * @param status 503 as a rule
     * @param retryAfter when clients may ask again
     */
    public record Maintenance(int status, String contentType, String body, Optional<Duration> retryAfter) {

        public static final String PLAIN_TEXT = "text/plain; charset=utf-8";

        private static final int MAX_BODY = 1_000_000;

        public Maintenance {
            requireNonNull(retryAfter, "retryAfter");
            requireVisible("content_type", contentType);
            if (status < 200 || status > 599) {
                throw FlynnException.invalidField("status", "must be 200 to 599, was " + status);
            }
            if (body.length() > MAX_BODY) {
                throw FlynnException.invalidField("body", "must not be longer than " + MAX_BODY + " characters");
            }
        }

        /** 503 with a line of text. */
        public static Maintenance text(String body) {
            return new Maintenance(503, PLAIN_TEXT, body, Optional.empty());
        }
    }

    /**
     * Who may use a route.
     *
     * @param realm what clients show when they ask for the password; part of the hashes
     * @param users name to the hash of {@code name:realm:password} in hexadecimal digits: SHA-256, or MD5 for the sake of
     *     clients that know no better one; all of one kind
     */
    public record Auth(Scheme scheme, String realm, Map<String, String> users) {

        public static final String DEFAULT_REALM = "protected";

        private static final Pattern HASH = Pattern.compile("[0-9a-f]{32}|[0-9a-f]{64}");

        /** How clients prove who they are: RFC 7617, RFC 7616. */
        public enum Scheme {
            BASIC,
            DIGEST;

            public String wireName() {
                return name().toLowerCase(Locale.ROOT);
            }

            /** @throws FlynnException {@code VALIDATION} if there is no such scheme */
            public static Scheme ofWireName(String name) {
                for (Scheme scheme : values()) {
                    if (scheme.wireName().equals(name)) {
                        return scheme;
                    }
                }
                throw FlynnException.invalidField("auth.scheme", "must be basic or digest, was \"" + name + "\"");
            }
        }

        public Auth {
            requireNonNull(scheme, "scheme");
            requireVisible("realm", realm);
            if (realm.indexOf('"') >= 0 || realm.indexOf('\\') >= 0) {
                throw FlynnException.invalidField("realm", "must not contain quotes or backslashes, was " + realm);
            }
            users = Map.copyOf(users);
            if (users.isEmpty()) {
                throw FlynnException.invalidField(
                        "users", "must name at least one user; leave auth out to let everybody in");
            }
            users.forEach((name, hash) -> {
                if (name.isEmpty() || name.indexOf(':') >= 0) {
                    throw FlynnException.invalidField("users", "must not contain the name \"" + name + "\"");
                }
                if (!HASH.matcher(hash).matches()) {
                    throw FlynnException.invalidField(
                            "users",
                            "must hold the SHA-256 or MD5 of name:realm:password in lower-case hex for " + name);
                }
            });
            if (users.values().stream().map(String::length).distinct().count() > 1) {
                throw FlynnException.invalidField(
                        "users", "must be all SHA-256 or all MD5, because one challenge is for all");
            }
        }

        /** Whether the hashes are MD5. */
        public boolean isMd5() {
            return users.values().iterator().next().length() == 32;
        }

        /** Without the hashes. */
        @Override
        public String toString() {
            return "Auth[%s, %s, %s]".formatted(scheme, realm, users.keySet());
        }
    }

    /**
     * How many requests may come.
     *
     * @param requests of a period, evenly spread over it
     * @param burst how many may come at once after a pause
     */
    public record RateLimit(int requests, Duration per, int burst) {
        public RateLimit {
            if (requests < 1) {
                throw FlynnException.invalidField("requests", "must be at least 1, was " + requests);
            }
            requirePositive("per", per);
            if (burst < 1) {
                throw FlynnException.invalidField("burst", "must be at least 1, was " + burst);
            }
        }

        public static RateLimit perSecond(int requests) {
            return new RateLimit(requests, Duration.ofSeconds(1), requests);
        }
    }

    /**
     * Changes of header fields: first the removals, then what is set in the place of whatever was there. Fields that belong
     * to one connection or tell the length of a body, and {@code Host}, cannot be changed.
     */
    public record HeaderRules(Map<String, String> set, Set<String> remove) {

        public static final HeaderRules NONE = new HeaderRules(Map.of(), Set.of());

        private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
        private static final Set<String> FIXED = Set.of(
                "connection",
                "content-length",
                "expect",
                "host",
                "keep-alive",
                "te",
                "trailer",
                "transfer-encoding",
                "upgrade");

        public HeaderRules {
            set = Map.copyOf(set);
            remove = Set.copyOf(remove);
            Set<String> names = new HashSet<>();
            set.keySet().forEach(name -> requireName(name, names));
            Set<String> removed = new HashSet<>();
            remove.forEach(name -> requireName(name, removed));
            set.forEach((name, value) -> requireVisible(name, value));
        }

        private static void requireName(String name, Set<String> others) {
            if (!NAME.matcher(name).matches()) {
                throw FlynnException.invalidField("headers", "must not hold the name \"" + name + "\"");
            }
            String lower = name.toLowerCase(Locale.ROOT);
            if (FIXED.contains(lower)) {
                throw FlynnException.invalidField(
                        "headers", "must leave " + name + " alone: the router decides about it");
            }
            if (!others.add(lower)) {
                throw FlynnException.invalidField("headers", "must hold " + name + " only once");
            }
        }

        public boolean isEmpty() {
            return set.isEmpty() && remove.isEmpty();
        }
    }

    /**
     * A request that a backend is asked with now and then.
     *
     * @param path begins with a slash; answers from 200 to 399 are good
     * @param unhealthyAfter that many bad answers in a row
     * @param healthyAfter that many good answers in a row
     */
    public record HealthCheck(String path, Duration interval, Duration timeout, int unhealthyAfter, int healthyAfter) {
        public HealthCheck {
            requireVisible("path", path);
            if (!path.startsWith("/") || path.indexOf(' ') >= 0) {
                throw FlynnException.invalidField("path", "must start with a slash and hold no blanks, was " + path);
            }
            requirePositive("interval", interval);
            requirePositive("timeout", timeout);
            if (unhealthyAfter < 1 || healthyAfter < 1) {
                throw FlynnException.invalid("a health check needs at least 1 answer to change its mind");
            }
        }

        /** Every ten seconds; three bad answers, or two good ones, decide. */
        public static HealthCheck of(String path) {
            return new HealthCheck(path, Duration.ofSeconds(10), Duration.ofSeconds(5), 3, 2);
        }
    }

    /** Names are those of {@link RoutePolicy}; nothing is set to begin with. */
    public static final class Builder {

        private boolean redirectToHttps;
        private Optional<Maintenance> maintenance = Optional.empty();
        private Optional<Auth> auth = Optional.empty();
        private Optional<RateLimit> rateLimit = Optional.empty();
        private Optional<RateLimit> clientRateLimit = Optional.empty();
        private OptionalInt maxConcurrent = OptionalInt.empty();
        private OptionalLong maxBodyBytes = OptionalLong.empty();
        private HeaderRules requestHeaders = HeaderRules.NONE;
        private HeaderRules responseHeaders = HeaderRules.NONE;
        private Optional<HealthCheck> healthCheck = Optional.empty();
        private Optional<Duration> dialTimeout = Optional.empty();
        private Optional<Duration> responseTimeout = Optional.empty();
        private Optional<Duration> idleTimeout = Optional.empty();

        private Builder() {}

        public Builder redirectToHttps(boolean value) {
            redirectToHttps = value;
            return this;
        }

        public Builder maintenance(Maintenance value) {
            return maintenance(Optional.of(value));
        }

        public Builder maintenance(Optional<Maintenance> value) {
            maintenance = requireNonNull(value, "maintenance");
            return this;
        }

        public Builder auth(Auth value) {
            return auth(Optional.of(value));
        }

        public Builder auth(Optional<Auth> value) {
            auth = requireNonNull(value, "auth");
            return this;
        }

        public Builder rateLimit(RateLimit value) {
            return rateLimit(Optional.of(value));
        }

        public Builder rateLimit(Optional<RateLimit> value) {
            rateLimit = requireNonNull(value, "rateLimit");
            return this;
        }

        public Builder clientRateLimit(RateLimit value) {
            return clientRateLimit(Optional.of(value));
        }

        public Builder clientRateLimit(Optional<RateLimit> value) {
            clientRateLimit = requireNonNull(value, "clientRateLimit");
            return this;
        }

        public Builder maxConcurrent(int value) {
            return maxConcurrent(OptionalInt.of(value));
        }

        public Builder maxConcurrent(OptionalInt value) {
            maxConcurrent = requireNonNull(value, "maxConcurrent");
            return this;
        }

        public Builder maxBodyBytes(long value) {
            return maxBodyBytes(OptionalLong.of(value));
        }

        public Builder maxBodyBytes(OptionalLong value) {
            maxBodyBytes = requireNonNull(value, "maxBodyBytes");
            return this;
        }

        public Builder requestHeaders(HeaderRules value) {
            requestHeaders = requireNonNull(value, "requestHeaders");
            return this;
        }

        public Builder responseHeaders(HeaderRules value) {
            responseHeaders = requireNonNull(value, "responseHeaders");
            return this;
        }

        public Builder healthCheck(HealthCheck value) {
            return healthCheck(Optional.of(value));
        }

        public Builder healthCheck(Optional<HealthCheck> value) {
            healthCheck = requireNonNull(value, "healthCheck");
            return this;
        }

        public Builder dialTimeout(Duration value) {
            return dialTimeout(Optional.of(value));
        }

        public Builder dialTimeout(Optional<Duration> value) {
            dialTimeout = requireNonNull(value, "dialTimeout");
            return this;
        }

        public Builder responseTimeout(Duration value) {
            return responseTimeout(Optional.of(value));
        }

        public Builder responseTimeout(Optional<Duration> value) {
            responseTimeout = requireNonNull(value, "responseTimeout");
            return this;
        }

        public Builder idleTimeout(Duration value) {
            return idleTimeout(Optional.of(value));
        }

        public Builder idleTimeout(Optional<Duration> value) {
            idleTimeout = requireNonNull(value, "idleTimeout");
            return this;
        }

        public RoutePolicy build() {
            return new RoutePolicy(
                    redirectToHttps,
                    maintenance,
                    auth,
                    rateLimit,
                    clientRateLimit,
                    maxConcurrent,
                    maxBodyBytes,
                    requestHeaders,
                    responseHeaders,
                    healthCheck,
                    dialTimeout,
                    responseTimeout,
                    idleTimeout);
        }
    }
}
