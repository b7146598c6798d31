package dev.flynn.router.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.router.telemetry.AccessLogFormat;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterSettingsTest {

    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);

    @Test
    void aCookieKeyIsAllThatIsNeeded() {
        RouterSettings settings = RouterSettings.of(Map.of("COOKIE_KEY", KEY));

        assertThat(settings.routerListenIp()).isEqualTo("127.0.0.1");
        assertThat(settings.httpPort()).contains(8080);
        assertThat(settings.httpsPort()).isEmpty();
        assertThat(settings.closeGrace()).isEqualTo(Duration.ofSeconds(5));
        assertThat(settings.cookieKey()).hasSize(32);
        assertThat(settings.router()).isEqualTo("netty");
        assertThat(settings.accessLog()).isEmpty();
        assertThat(settings.unavailablePage()).isEmpty();
    }

    @Test
    void readsEverySetting() {
        RouterSettings settings = RouterSettings.of(Map.of(
                "COOKIE_KEY", KEY + "\n",
                "LISTEN_IP", "127.0.0.2",
                "PORT", "10001",
                "ROUTER_LISTEN_IP", "0.0.0.0",
                "HTTP_PORT", "80",
                "HTTPS_PORT", "443",
                "TLSCERT", "chain",
                "TLSKEY", "key",
                "CLOSE_GRACE", "PT1M",
                "PROXY_PROTOCOL", "true"));

        assertThat(settings.listenIp()).isEqualTo("127.0.0.2");
        assertThat(settings.port()).isEqualTo(10_001);
        assertThat(settings.routerListenIp()).isEqualTo("0.0.0.0");
        assertThat(settings.httpPort()).contains(80);
        assertThat(settings.httpsPort()).contains(443);
        assertThat(settings.certificate()).contains(new Certificate("chain", "key"));
        assertThat(settings.closeGrace()).isEqualTo(Duration.ofMinutes(1));
        assertThat(settings.proxyProtocol()).isTrue();
    }

    @Test
    void theNamesOfLaterVersionsWin() {
        RouterSettings settings = RouterSettings.of(Map.of(
                "COOKIE_KEY", KEY,
                "HTTP_PORT", "8080",
                "HTTPS_PORT", "8443",
                "DEFAULT_HTTP_PORT", "0",
                "DEFAULT_HTTPS_PORT", "443",
                "ADDITIONAL_HTTP_PORTS", "8000, 8001",
                "ADDITIONAL_HTTPS_PORTS", "9443",
                "PUBLIC_HTTPS_PORT", "443"));

        assertThat(settings.httpPort()).isEmpty();
        assertThat(settings.allHttpPorts()).containsExactly(8000, 8001);
        assertThat(settings.allHttpsPorts()).containsExactly(443, 9443);
        assertThat(settings.publicHttpsPort()).contains(443);
    }

    @Test
    void whatClientsAreLoggedAndShown() {
        RouterSettings settings = RouterSettings.of(
                Map.of("COOKIE_KEY", KEY, "ACCESS_LOG", "combined", "ERROR_503_PAGE_URL", "https://example.org/503"));

        assertThat(settings.accessLog()).contains(AccessLogFormat.COMBINED);
        assertThat(settings.unavailablePage()).contains(URI.create("https://example.org/503"));
        assertThatThrownBy(() -> RouterSettings.of(Map.of("COOKIE_KEY", KEY, "ACCESS_LOG", "yes")))
                .hasMessage("ACCESS_LOG must be json, combined or off, was 'yes'");
        assertThatThrownBy(() -> RouterSettings.of(Map.of("COOKIE_KEY", KEY, "ERROR_503_PAGE_URL", "file:/etc/passwd")))
                .hasMessage("ERROR_503_PAGE_URL must be an http or https URL, was 'file:/etc/passwd'");
        assertThatThrownBy(() -> RouterSettings.of(Map.of("COOKIE_KEY", KEY, "ACCESS_LOG", "json", "ROUTER", "nginx"))
                        .requireNothingOfTheDefaultRouter())
                .hasMessage(
                        "ACCESS_LOG is offered by the router 'netty' only, and ROUTER is 'nginx'; unset one of them");
    }

    @Test
    void theRouterListensWhereTheJobDoesUnlessToldOtherwise() {
        RouterSettings settings = RouterSettings.of(Map.of("COOKIE_KEY", KEY, "LISTEN_IP", "127.0.0.3"));

        assertThat(settings.routerListenIp()).isEqualTo("127.0.0.3");
    }

    @Test
    void aCertificateIsServedOnTheUsualPort() {
        RouterSettings settings = RouterSettings.of(Map.of("COOKIE_KEY", KEY, "TLSCERT", "chain", "TLSKEY", "key"));

        assertThat(settings.httpsPort()).isEqualTo(Optional.of(4433));
    }

    @ParameterizedTest
    @CsvSource({
        "COOKIE_KEY, '', it is not set",
        "COOKIE_KEY, c2hvcnQ=, it has 5 bytes",
        "COOKIE_KEY, %%%, it is not base64",
        "HTTP_PORT, http, must be a port",
        "HTTPS_PORT, 70000, must be a port",
        "ADDITIONAL_HTTP_PORTS, '80,,81', must be a port",
        "DEFAULT_HTTP_PORT, -1, must be a port",
        "PORT, -1, must be a port",
        "TLSCERT, chain, TLSKEY must be set",
        "TLSKEY, key, TLSCERT must be set",
        "CLOSE_GRACE, soon, must be a duration"
    })
    void aWrongSettingIsRefusedByName(String name, String value, String problem) {
        Map<String, String> env = new HashMap<>(Map.of("COOKIE_KEY", KEY));
        env.put(name, value);

        assertThatThrownBy(() -> RouterSettings.of(env))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(problem);
    }

    @Test
    void secretsStayOutOfItsText() {
        assertThat(RouterSettings.of(Map.of("COOKIE_KEY", KEY)).toString()).doesNotContain(KEY);
    }
}
