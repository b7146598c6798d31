package dev.flynn.spi.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RouteTableTest {

    @Test
    void aRouteIsNamedAfterItsDomainAndPathUnlessTold() {
        assertThat(HttpRoute.to("shop.example.org", "shop")
                        .path("/api/")
                        .build()
                        .id())
                .isEqualTo("shop.example.org/api/");
        assertThat(HttpRoute.to("shop.example.org", "shop").id("http/1").build().id())
                .isEqualTo("http/1");
    }

    @Test
    void aBuiltTableHoldsWhatItWasTold() {
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("shop.example.org", "shop"))
                .route(TcpRoute.to(5432, "db").withLeaderOnly(true))
                .backends("shop", "10.0.0.1:80", "10.0.0.2:80")
                .build();

        assertThat(table.routes()).extracting(HttpRoute::service).containsExactly("shop");
        assertThat(table.tcpRoutes()).containsExactly(new TcpRoute("tcp:5432", 5432, "db", true));
        assertThat(table.backends())
                .isEqualTo(
                        Map.of("shop", List.of(new Backend("10.0.0.1:80", false), new Backend("10.0.0.2:80", false))));
    }

    @Test
    void theServiceOfARouteIsTheOneThatGetsMost() {
        assertThat(HttpRoute.to("a", "shop").target("canary", 5).build().service())
                .isEqualTo("shop");
        assertThat(HttpRoute.to("a", "shop")
                        .target("shop", 10)
                        .target("next", 90)
                        .build()
                        .service())
                .isEqualTo("next");
    }

    @Test
    void aRouteWithoutATargetThatGetsAnythingIsRefusedByName() {
        assertThatThrownBy(() -> HttpRoute.to("a", "shop").target("shop", 0).build())
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("targets")
                .hasMessageContaining("route a/");
    }

    @Test
    void portsAndPathsOutsideTheRangeAreRefused() {
        assertThatThrownBy(() -> TcpRoute.to(65_535, "db")).hasMessageContaining("port must be 1 to 65534");
        assertThatThrownBy(() -> HttpRoute.to("a", "b").port(-1).build()).hasMessageContaining("port must be 0");
        assertThatThrownBy(() -> HttpRoute.to("a", "b").path("/api").build())
                .hasMessageContaining("path must start and end with a slash");
    }

    @Test
    void everyFeatureOfARouteNeedsItsCapability() {
        HttpRoute everything = HttpRoute.to("a", "b")
                .target("c", 1)
                .port(8080)
                .sticky()
                .protocol(BackendProtocol.H2C)
                .disableKeepAlives(true)
                .policy(everyPolicy(Auth.Scheme.BASIC))
                .build();

        Set<RouterCapability> needed = EnumSet.copyOf(everything.needs());
        needed.addAll(HttpRoute.to("a", "b")
                .policy(everyPolicy(Auth.Scheme.DIGEST))
                .build()
                .needs());
        needed.addAll(TcpRoute.to(1, "c").needs());

        // what is left is about clients and listeners, not about a route
        assertThat(EnumSet.complementOf(EnumSet.copyOf(needed)))
                .containsExactlyInAnyOrder(
                        RouterCapability.TLS,
                        RouterCapability.UPGRADE,
                        RouterCapability.HALF_CLOSE,
                        RouterCapability.HTTP_2,
                        RouterCapability.H2C,
                        RouterCapability.WEB_SOCKET_IN_HTTP_2,
                        RouterCapability.DRAIN_EVENTS,
                        RouterCapability.ACME_CHALLENGES);
        assertThat(HttpRoute.to("a", "b").build().needs()).isEmpty();
    }

    private static RoutePolicy everyPolicy(Auth.Scheme scheme) {
        return RoutePolicy.builder()
                .redirectToHttps(true)
                .maintenance(Maintenance.text("back at noon"))
                .auth(new Auth(scheme, "protected", Map.of("alice", "0".repeat(64))))
                .rateLimit(RateLimit.perSecond(10))
                .clientRateLimit(RateLimit.perSecond(1))
                .maxConcurrent(10)
                .maxBodyBytes(1)
                .requestHeaders(new HeaderRules(Map.of("X-Tenant", "7"), Set.of()))
                .responseHeaders(new HeaderRules(Map.of(), Set.of("Server")))
                .healthCheck(HealthCheck.of("/healthz"))
                .dialTimeout(Duration.ofSeconds(1))
                .responseTimeout(Duration.ofSeconds(1))
                .idleTimeout(Duration.ofSeconds(1))
                .build();
    }

    @Test
    void aTableThatNeedsMoreIsRefusedWithTheRouteAndTheCapability() {
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("plain.example.org", "web"))
                .route(HttpRoute.to("shop.example.org", "shop").sticky())
                .build();

        assertThatThrownBy(() -> table.requireSupported(Set.of(RouterCapability.TCP)))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("route shop.example.org/ needs [STICKY]")
                .hasMessageContaining("offers [TCP]");
        assertThatCode(() -> table.requireSupported(Set.of(RouterCapability.STICKY)))
                .doesNotThrowAnyException();
    }

    @Test
    void headersOfOneConnectionCannotBeChanged() {
        assertThatThrownBy(() -> new HeaderRules(Map.of("Content-Length", "1"), Set.of()))
                .hasMessageContaining("must leave Content-Length alone");
        assertThatThrownBy(() -> new HeaderRules(Map.of(), Set.of("transfer-ENCODING")))
                .hasMessageContaining("transfer-ENCODING");
        assertThatThrownBy(() -> new HeaderRules(Map.of("a b", "1"), Set.of())).hasMessageContaining("a b");
        assertThatThrownBy(() -> new HeaderRules(Map.of("X-A", "1\r\nX-B: 2"), Set.of()))
                .hasMessageContaining("one line");
        assertThatThrownBy(() -> new HeaderRules(Map.of("X-A", "1", "x-a", "2"), Set.of()))
                .hasMessageContaining("only once");
    }

    @Test
    void hashesOfUsersAreOfOneKindAndNotShown() {
        var mixed = Map.of("alice", "0".repeat(64), "bob", "0".repeat(32));

        assertThatThrownBy(() -> new Auth(Auth.Scheme.DIGEST, "protected", mixed))
                .hasMessageContaining("all SHA-256 or all MD5");
        assertThatThrownBy(() -> new Auth(Auth.Scheme.DIGEST, "protected", Map.of("alice", "secret")))
                .hasMessageContaining("for alice")
                .hasMessageNotContaining("secret");
        assertThat(new Auth(Auth.Scheme.DIGEST, "protected", Map.of("alice", "0".repeat(64))))
                .asString()
                .contains("alice")
                .doesNotContain("000");
    }

    @Test
    void aCertificateIsNotShown() {
        assertThat(HttpRoute.to("a", "b")
                        .certificate(new Certificate("chain", "secret"))
                        .build())
                .asString()
                .doesNotContain("secret");
    }
}
