package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Base64;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NettyRouterFactoryTest {

    private final ComponentContext context = new ComponentContext("host", Path.of("unused"), Clock.systemUTC());
    private final RouterFactory factory = ServiceLoader.load(RouterFactory.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.name().equals("netty"))
            .findFirst()
            .orElseThrow();

    @Test
    void createsARouterFromItsSettings() {
        var certificate = TestCertificates.named("default");
        Map<String, String> settings = Map.of(
                "listen-ip",
                "127.0.0.1",
                "http-port",
                "0",
                "https-port",
                "0",
                "tls-cert",
                certificate.chain(),
                "tls-key",
                certificate.key(),
                "cookie-key",
                Base64.getEncoder().encodeToString(new byte[32]));

        try (Router router = factory.create(settings, context)) {
            assertThat(router.httpAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.1");
            assertThat(router.httpsAddress()).isPresent();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http-prot, 80, unknown settings [http-prot]",
        "http-port, eighty, http-port must be a port",
        "http-port, 70000, a port must be 0 to 65535",
        "tls-cert, x, tls-cert and tls-key must be set together",
        "proxy-protocol, yes, proxy-protocol must be true or false",
        "share-ports, yes, share-ports must be true or false",
        "close-grace, 5s, close-grace must be a duration like PT5S",
        "cookie-key, AAAA, the cookie key must have 32 bytes",
        "cookie-key, %, cookie-key must be base64"
    })
    void refusesAWrongSetting(String name, String value, String problem) {
        assertThatThrownBy(() -> factory.create(Map.of(name, value), context))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining(problem);
    }
}
