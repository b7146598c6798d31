package dev.flynn.discovery.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Etcds that do not let everybody in. */
class EtcdAccessTest {

    @TempDir
    Path directory;

    @Test
    void tlsIsSpokenWithTheAuthorityThatIsNamedAndNoOther() {
        try (var etcd = new TestEtcd(directory, true)) {
            String endpoint = etcd.config("host0", Discovery.DEFAULT_TTL)
                    .endpoints()
                    .get(0)
                    .toString();

            try (var discovery = open(
                    Map.of("endpoints", endpoint, "ca-file", etcd.certificate().toString()))) {
                discovery.createService("web", LeaderType.OLDEST);
                assertThat(discovery.services()).containsExactly("web");
            }
            FlynnException refused =
                    catchThrowableOfType(FlynnException.class, () -> open(Map.of("endpoints", endpoint)));
            assertThat(refused.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        }
    }

    @Test
    void aUserIsAskedForItsPassword() throws Exception {
        try (var etcd = new TestEtcd(directory)) {
            String endpoint = etcd.config("host0", Discovery.DEFAULT_TTL)
                    .endpoints()
                    .get(0)
                    .toString();
            protect(endpoint);
            Map<String, String> settings =
                    new HashMap<>(Map.of("endpoints", endpoint, "user", "root", "password", "right"));

            try (var discovery = open(settings)) {
                discovery.createService("web", LeaderType.OLDEST);
                assertThat(discovery.services()).containsExactly("web");
            }
            settings.put("password", "wrong");
            FlynnException refused = catchThrowableOfType(FlynnException.class, () -> open(settings));
            assertThat(refused.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(refused).hasMessageNotContaining("wrong");
        }
    }

    private static void protect(String endpoint) throws Exception {
        try (Client client = Client.builder().endpoints(endpoint).build()) {
            Auth auth = client.getAuthClient();
            auth.userAdd(bytes("root"), bytes("right")).get(10, TimeUnit.SECONDS);
            auth.roleAdd(bytes("root")).get(10, TimeUnit.SECONDS);
            auth.userGrantRole(bytes("root"), bytes("root")).get(10, TimeUnit.SECONDS);
            auth.authEnable().get(10, TimeUnit.SECONDS);
        }
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static EtcdDiscovery open(Map<String, String> settings) {
        return EtcdDiscovery.open(EtcdDiscoveryFactory.config(settings, "host0"));
    }
}
