package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ControllerConfigTest {

    @Test
    void readsEveryVariable() {
        ControllerConfig config = ControllerConfig.fromEnv(Map.of(
                "LISTEN_IP", "10.0.0.1",
                "PORT", "80",
                "AUTH_KEY", "a, b,",
                "DEFAULT_ROUTE_DOMAIN", "example.com",
                "CA_CERT", "pem",
                "HTTP_PORT", "8080",
                "HTTPS_PORT", "8443"));

        assertThat(config)
                .isEqualTo(new ControllerConfig(
                        "10.0.0.1",
                        80,
                        List.of("a", "b"),
                        Optional.of("example.com"),
                        "pem",
                        OptionalInt.of(8080),
                        OptionalInt.of(8443)));
    }

    @Test
    void hasDefaultsForAllButTheKey() {
        ControllerConfig config = ControllerConfig.fromEnv(Map.of("AUTH_KEY", "a", "DEFAULT_ROUTE_DOMAIN", ""));

        assertThat(config.port()).isEqualTo(3000);
        assertThat(config.listenIp()).isEqualTo("127.0.0.1");
        assertThat(config.defaultRouteDomain()).isEmpty();
        assertThatThrownBy(() -> ControllerConfig.fromEnv(Map.of("AUTH_KEY", ",")))
                .hasMessageContaining("AUTH_KEY");
    }

    @Test
    void aPortThatIsNoneIsNamed() {
        assertThatThrownBy(() -> ControllerConfig.fromEnv(Map.of("AUTH_KEY", "a", "PORT", "http")))
                .hasMessage("PORT must be a port number, was \"http\"");
    }

    @Test
    void keysDoNotShow() {
        assertThat(ControllerConfig.fromEnv(Map.of("AUTH_KEY", "geheim")).toString())
                .doesNotContain("geheim");
    }
}
