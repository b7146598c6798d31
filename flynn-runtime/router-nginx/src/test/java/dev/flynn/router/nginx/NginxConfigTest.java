package dev.flynn.router.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The text of the configuration, piece by piece; what nginx makes of it is told by the kit. */
class NginxConfigTest {

    private static final NginxBinary BINARY = new NginxBinary(
            Path.of("/usr/sbin/nginx"), "1.22.1", true, Optional.of(Path.of("/modules/ngx_stream_module.so")), true);

    private static final NginxSettings SETTINGS = new NginxSettings(
            BINARY,
            Path.of("/var/lib/router"),
            Path.of("/tmp/bodies"),
            "127.0.0.1",
            8080,
            Optional.of(8443),
            Optional.of(new Certificate("default chain", "default key")),
            "a key of thirty-two bytes, so so".getBytes(UTF_8),
            Duration.ofSeconds(5),
            2,
            false);

    @Test
    void aDomainLeadsToARouteAServiceAndItsAddress() {
        String text = render(RouteTable.builder()
                .route(HttpRoute.to("Shop.example.org", "shop"))
                .backends("shop", "10.0.0.1:80"));

        assertThat(text).contains("""
                  map "$host" $flynn_domain {
                    hostnames;
                    default "";
                    "shop.example.org" "d0";
                  }
                """, """
                  map "$flynn_domain" $flynn_route {
                    default "";
                    "d0" "r0";
                  }
                """, """
                  map "$flynn_service" $flynn_balanced {
                    default "";
                    "s0" "10.0.0.1:80";
                  }
                """);
    }

    @Test
    void aWildcardStandsForItsDomainTooUnlessThatHasARoute() {
        assertThat(render(RouteTable.builder().route(HttpRoute.to("*.a.test", "web"))))
                .contains("\".a.test\" \"d0$flynn_deeper_2\";");
        assertThat(render(RouteTable.builder()
                        .route(HttpRoute.to("*.a.test", "web"))
                        .route(HttpRoute.to("a.test", "web"))))
                .contains("\"*.a.test\" \"d0$flynn_deeper_2\";", "\"a.test\" \"d1\";");
    }

    @Test
    void pathsAreTriedFromTheDeepest() {
        assertThat(render(RouteTable.builder()
                        .route(HttpRoute.to("a.test", "root"))
                        .route(HttpRoute.to("a.test", "x").path("/x/"))
                        .route(HttpRoute.to("a.test", "y").path("/x/y.z/"))))
                .contains("""
                          map "$uri" $flynn_route_d0 {
                            default "r0";
                            "~^\\\\/x\\\\/y\\\\.z(?:/|$)" "r2";
                            "~^\\\\/x(?:/|$)" "r1";
                          }
                        """);
    }

    @Test
    void aServiceOfSeveralAddressesIsAGroupThatRemembersNoFault() {
        assertThat(render(RouteTable.builder()
                        .route(HttpRoute.to("a.test", "web"))
                        .backends("web", "10.0.0.1:80", "10.0.0.2:80")))
                .contains("""
                          upstream flynn-s0 {
                            random two least_conn;
                            server 10.0.0.1:80 max_fails=0;
                            server 10.0.0.2:80 max_fails=0;
                          }
                        """, """
                            "s0:10.0.0.1:80" "10.0.0.2:80";
                            "s0:10.0.0.2:80" "10.0.0.1:80";
                        """);
    }

    @Test
    void weightsAreShares() {
        assertThat(render(RouteTable.builder()
                        .route(HttpRoute.to("a.test", "old").target("new", 50).target("off", 0))))
                .contains("""
                          split_clients "$request_id" $flynn_choice_r0 {
                            66.67% s0;
                            * s1;
                          }
                        """);
    }

    @Test
    void aTcpRouteIsAServerOfTheStreamModule() {
        assertThat(render(RouteTable.builder()
                        .route(TcpRoute.to(3000, "db"))
                        .route(TcpRoute.to(3001, "nobody"))
                        .backends("db", "10.0.0.1:5432")))
                .contains("load_module \"/modules/ngx_stream_module.so\";")
                .contains("""
                          server {
                            listen 127.0.0.1:3000;
                            proxy_pass 10.0.0.1:5432;
                          }
                          server {
                            listen 127.0.0.1:3001;
                            return "";
                          }
                        """);
        assertThat(render(RouteTable.builder())).doesNotContain("stream {", "load_module");
    }

    @Test
    void aNameWithoutARouteIsRefusedByItsOwnServer() {
        assertThat(render(RouteTable.builder().route(HttpRoute.to("a.test", "web"))))
                .contains("""
                            server_name "~.";
                            ssl_reject_handshake on;
                        """);
    }

    @Test
    void aCertificateHasAServerOfItsOwn() {
        Plan plan = new Plan(
                RouteTable.builder()
                        .route(HttpRoute.to("a.test", "web").certificate(new Certificate("chain", "key")))
                        .build(),
                Optional::of);
        String text = NginxConfig.render(
                SETTINGS, plan, Map.of("r0", new CertificateFiles(Path.of("/c/a.crt"), Path.of("/c/a.key"))));

        assertThat(text).contains("""
                    listen 127.0.0.1:8443 ssl http2;
                    server_name "a.test";
                    ssl_certificate "/c/a.crt";
                    ssl_certificate_key "/c/a.key";
                """);
    }

    @Test
    void whatAPolicySaysCannotBecomeAnExpression() {
        String text = render(RouteTable.builder()
                .route(HttpRoute.to("a.test", "web")
                        .policy(RoutePolicy.builder()
                                .requestHeaders(new HeaderRules(Map.of("X-One", "$host \"; return 200;"), Set.of()))
                                .build()))
                .route(HttpRoute.to("b.test", "web")
                        .policy(RoutePolicy.builder()
                                .maintenance(Maintenance.text("$uri } server {"))
                                .build())));

        assertThat(text).contains("proxy_set_header X-One \"${flynn_dollar}host \\\"; return 200;\";");
        assertThat(text).contains("set $flynn_r1_0 \"${flynn_dollar}uri } server {\";");
    }

    @Test
    void aDomainThatCannotBeOneIsAProblem() {
        Plan plan = new Plan(
                RouteTable.builder()
                        .route(HttpRoute.to("a.test\"; }", "web").id("broken"))
                        .route(HttpRoute.to("~.*", "web"))
                        .route(HttpRoute.to("default", "web"))
                        .build(),
                Optional::of);

        assertThat(plan.problems())
                .hasSize(2)
                .first()
                .satisfies(problem -> assertThat(problem.routeId()).isEqualTo("broken"));
        assertThat(NginxConfig.render(SETTINGS, plan, Map.of())).contains("\"\\\\default\" \"d0\";");
    }

    @Test
    void noSecretIsInTheText() {
        String text = render(RouteTable.builder()
                .route(HttpRoute.to("a.test", "web").sticky().certificate(new Certificate("chain", "the key")))
                .backends("web", "10.0.0.1:80"));

        assertThat(text).doesNotContain("default key", "the key", "a key of thirty-two bytes");
    }

    private static String render(RouteTable.Builder table) {
        return NginxConfig.render(SETTINGS, new Plan(table.build(), Optional::of), Map.of());
    }
}
