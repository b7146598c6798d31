package dev.flynn.tck.router;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.AcmeChallenge;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.spi.router.TcpRoute;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** For each capability a table whose one route, {@code needy}, or whose one challenge, for {@code needy.test}, needs that one and no other. */
final class TablesThatNeed {

    private TablesThatNeed() {}

    /** @return empty for a capability that no table asks for */
    static Optional<RouteTable> the(RouterCapability capability, int freePort) {
        RoutePolicy.Builder policy = RoutePolicy.builder();
        HttpRoute.Builder route = HttpRoute.to("needy.test", "web").id("needy");
        RouteTable.Builder table = RouteTable.builder().backends("web");
        switch (capability) {
            case TLS, UPGRADE, HALF_CLOSE, HTTP_2, H2C, WEB_SOCKET_IN_HTTP_2, DRAIN_EVENTS -> {
                return Optional.empty();
            }
            case TCP -> {
                return Optional.of(table.route(new TcpRoute("needy", freePort, "web", false))
                        .build());
            }
            case ACME_CHALLENGES -> {
                return Optional.of(table.challenge(new AcmeChallenge(
                                AcmeChallenge.Kind.HTTP_01, "needy.test", "token", "token.thumbprint"))
                        .build());
            }
            case STICKY -> route.sticky();
            case H2C_BACKENDS -> route.protocol(BackendProtocol.H2C);
            case PORTS -> route.port(freePort);
            case WEIGHTS -> route.target("other", 1);
            case HEADERS -> policy.requestHeaders(new HeaderRules(Map.of("X-One", "1"), Set.of()));
            case HTTPS_REDIRECT -> policy.redirectToHttps(true);
            case MAINTENANCE -> policy.maintenance(Maintenance.text("back soon"));
            case BODY_LIMIT -> policy.maxBodyBytes(1);
            case CONCURRENCY_LIMIT -> policy.maxConcurrent(1);
            case RATE_LIMIT -> policy.rateLimit(RateLimit.perSecond(1));
            case BASIC_AUTH -> policy.auth(auth(Auth.Scheme.BASIC));
            case DIGEST_AUTH -> policy.auth(auth(Auth.Scheme.DIGEST));
            case HEALTH_CHECKS -> policy.healthCheck(HealthCheck.of("/health"));
            case TIMEOUTS -> policy.responseTimeout(Duration.ofSeconds(1));
            case IDLE_TIMEOUT -> policy.idleTimeout(Duration.ofSeconds(1));
            case KEEP_ALIVE_SWITCH -> route.disableKeepAlives(true);
        }
        return Optional.of(table.route(route.policy(policy.build())).build());
    }

    private static Auth auth(Auth.Scheme scheme) {
        return new Auth(scheme, "shop", Map.of("ann", Hashes.sha256("ann:shop:secret")));
    }
}
