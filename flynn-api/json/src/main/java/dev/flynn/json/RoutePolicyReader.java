package dev.flynn.json;

import com.fasterxml.jackson.databind.util.StdConverter;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Fills in what a client leaves out of a route's policy. */
final class RoutePolicyReader extends StdConverter<RoutePolicyReader.Parts, RoutePolicy> {

    private static final int UNAVAILABLE = 503;
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Override
    public RoutePolicy convert(Parts parts) {
        return new RoutePolicy(
                parts.redirectToHttps,
                parts.maintenance.map(MaintenanceParts::maintenance),
                parts.auth.map(AuthParts::auth),
                parts.rateLimit.map(RateParts::limit),
                parts.clientRateLimit.map(RateParts::limit),
                parts.maxConcurrent,
                parts.maxBodyBytes,
                parts.requestHeaders.map(HeaderParts::rules).orElse(HeaderRules.NONE),
                parts.responseHeaders.map(HeaderParts::rules).orElse(HeaderRules.NONE),
                parts.healthCheck.map(CheckParts::check),
                parts.dialTimeout,
                parts.responseTimeout,
                parts.idleTimeout);
    }

    record Parts(
            boolean redirectToHttps,
            Optional<MaintenanceParts> maintenance,
            Optional<AuthParts> auth,
            Optional<RateParts> rateLimit,
            Optional<RateParts> clientRateLimit,
            OptionalInt maxConcurrent,
            OptionalLong maxBodyBytes,
            Optional<HeaderParts> requestHeaders,
            Optional<HeaderParts> responseHeaders,
            Optional<CheckParts> healthCheck,
            Optional<Duration> dialTimeout,
            Optional<Duration> responseTimeout,
            Optional<Duration> idleTimeout) {}

    record MaintenanceParts(int status, String contentType, String body, Optional<Duration> retryAfter) {
        Maintenance maintenance() {
            return new Maintenance(
                    status == 0 ? UNAVAILABLE : status,
                    contentType.isEmpty() ? Maintenance.PLAIN_TEXT : contentType,
                    body,
                    retryAfter);
        }
    }

    record AuthParts(String scheme, String realm, Map<String, String> users) {
        Auth auth() {
            return new Auth(
                    scheme.isEmpty() ? Auth.Scheme.DIGEST : Auth.Scheme.ofWireName(scheme),
                    realm.isEmpty() ? Auth.DEFAULT_REALM : realm,
                    users);
        }
    }

    record RateParts(int requests, Optional<Duration> per, OptionalInt burst) {
        RateLimit limit() {
            return new RateLimit(requests, per.orElse(SECOND), burst.orElse(requests));
        }
    }

    record HeaderParts(Map<String, String> set, List<String> remove) {
        HeaderRules rules() {
            return new HeaderRules(set, Set.copyOf(remove));
        }
    }

    record CheckParts(
            String path,
            Optional<Duration> interval,
            Optional<Duration> timeout,
            OptionalInt unhealthyAfter,
            OptionalInt healthyAfter) {
        HealthCheck check() {
            if (path.isEmpty()) {
                throw FlynnException.invalidField("health_check.path", "must be given, such as /healthz");
            }
            HealthCheck usual = HealthCheck.of(path);
            return new HealthCheck(
                    path,
                    interval.orElse(usual.interval()),
                    timeout.orElse(usual.timeout()),
                    unhealthyAfter.orElse(usual.unhealthyAfter()),
                    healthyAfter.orElse(usual.healthyAfter()));
        }
    }
}
