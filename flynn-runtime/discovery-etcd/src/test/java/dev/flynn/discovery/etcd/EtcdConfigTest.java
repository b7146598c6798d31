package dev.flynn.discovery.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EtcdConfigTest {

    @Test
    void everySettingIsRead() {
        Map<String, String> settings = new HashMap<>(Map.of(
                "endpoints", "https://a:2379, https://b:2379",
                "prefix", "/x/",
                "ttl", "PT5S",
                "user", "u",
                "password", "secret",
                "ca-file", "/ca.pem",
                "cert-file", "/cert.pem",
                "key-file", "/key.pem"));

        EtcdConfig config = EtcdDiscoveryFactory.config(settings, "host0");

        assertThat(config)
                .isEqualTo(new EtcdConfig(
                        List.of(URI.create("https://a:2379"), URI.create("https://b:2379")),
                        "host0",
                        "/x/",
                        Duration.ofSeconds(5),
                        "u",
                        "secret",
                        Optional.of(Path.of("/ca.pem")),
                        Optional.of(Path.of("/cert.pem")),
                        Optional.of(Path.of("/key.pem"))));
        assertThat(config.toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({
        "endpoint, x",
        "endpoints, etcd:2379",
        "endpoints, http://etcd",
        "prefix, /x",
        "ttl, 5s",
        "ttl, PT0.5S",
        "cert-file, /x.pem"
    })
    void whatIsWrongIsNamed(String key, String value) {
        assertThatThrownBy(() -> EtcdDiscoveryFactory.config(Map.of(key, value), "host0"))
                .hasMessageContaining(key);
    }
}
