package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.store.MemoryClusterStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterDomainTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bad domain",
                "apps.example.com:8443",
                "https://apps.example.com",
                "-a.example",
                "a..b",
                "*.x"
            })
    void whatNoRouteCanBeMadeForIsNoDomain(String domain) {
        try (var store = new MemoryClusterStore()) {
            assertThatThrownBy(() -> ClusterDomain.require(store, domain, known -> ""))
                    .hasMessage("\"%s\" is no domain; give one such as apps.example.com, without a port", domain);
            assertThat(ClusterDomain.of(store)).isEmpty();
        }
    }

    @Test
    void aClusterKeepsTheDomainThatItGot() {
        try (var store = new MemoryClusterStore()) {
            ClusterDomain.require(store, "apps.example.com", known -> "");

            assertThat(ClusterDomain.of(store)).contains("apps.example.com");
            assertThatThrownBy(() -> ClusterDomain.require(store, "other.example.com", known -> "give " + known))
                    .hasMessage(
                            "the cluster has the domain apps.example.com, not other.example.com; give apps.example.com");
        }
    }

    @Test
    void namesBelowLocalhostAreFoundAtLoopbackOnly() {
        assertThat(ClusterDomain.warning("Flynn.localhost", "127.0.0.2"))
                .hasValueSatisfying(warning -> assertThat(warning).contains("127.0.0.2", "--domain"));
        assertThat(ClusterDomain.warning("flynn.localhost", "127.0.0.1")).isEmpty();
        assertThat(ClusterDomain.warning("flynn.localhost", "0.0.0.0")).isEmpty();
        assertThat(ClusterDomain.warning("apps.example.com", "127.0.0.2")).isEmpty();
    }
}
