package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SecurityTest {

    private static final String KEY = "0123456789abcdef";

    @TempDir
    Path directory;

    private HostCredentials credentials;
    private ApiHost host;

    @BeforeEach
    void start() throws IOException {
        credentials = credentials("identity", "host1");
        host = new ApiHost(
                directory,
                api -> api.security(HostApiSecurity.ofCluster(credentials, () -> List.of("other", KEY, ""))));
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private HostCredentials credentials(String name, String hostId) {
        var files = new IdentityFiles(directory.resolve(name));
        HostIdentity identity = files.found(hostId, Clock.systemUTC().instant());
        return new HostCredentials(identity, new RemovedHosts(files), Clock.systemUTC());
    }

    private String pin(HostCredentials of) throws Exception {
        byte[] certificate = of.identity().authority().getEncoded();
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate));
    }

    private HostClient client(HostClientAccess access) {
        return new HostClient("host1", "127.0.0.1:" + host.port(), access, host.json);
    }

    @Test
    void aHostOfTheClusterIsLetInByItsCertificate() {
        assertThat(client(HostClientAccess.ofHost(credentials))
                        .status()
                        .path("url")
                        .asText())
                .startsWith("https://");
    }

    @Test
    void theKeyOfTheClusterIsAPasswordAndAnyOtherIsNot() throws Exception {
        assertThat(client(HostClientAccess.ofKey(KEY, pin(credentials))).jobs()).isEmpty();
        for (String wrong : new String[] {"", "0123456789abcdeF", KEY + "0", "x"}) {
            assertThatThrownBy(() -> client(HostClientAccess.ofKey(wrong, pin(credentials)))
                            .jobs())
                    .isInstanceOfSatisfying(
                            FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHORIZED));
        }
        assertThat(host.api.strangers().refused()).isEqualTo(4);
    }

    @Test
    void nobodyStartsAProcessOrAttachesWithoutAKey() throws Exception {
        HostClient stranger = client(HostClientAccess.ofKey("wrong", pin(credentials)));
        String id = host.newId();
        ObjectNode job = (ObjectNode) host.json.readTree(host.shell("true"));
        assertThatThrownBy(() -> stranger.run(id, job)).hasMessageContaining("needs the certificate");
        assertThatThrownBy(
                        () -> stranger.attach(id, new HostClient.Attach(false, false, true, false, Optional.empty())))
                .hasMessageContaining("needs the certificate");
        assertThatThrownBy(() -> stranger.stop(id)).hasMessageContaining("needs the certificate");
        assertThat(host.state.jobs().find(new JobId(id))).isEmpty();
    }

    @Test
    void aHostOfAnotherClusterIsNotLetInAndDoesNotGetTheKey() throws Exception {
        HostCredentials other = credentials("other", "host2");
        assertThatThrownBy(() -> client(HostClientAccess.ofHost(other)).status())
                .isInstanceOf(FlynnException.class);
        long refused = host.api.strangers().refused();
        assertThatThrownBy(() -> client(HostClientAccess.ofKey(KEY, pin(other))).status())
                .hasMessageContaining("not of the cluster of the pin");
        assertThat(host.api.strangers().refused()).isEqualTo(refused);
    }

    @Test
    void whoDoesNotSpeakTlsLearnsNothing() throws Exception {
        try (var socket = new Socket("127.0.0.1", host.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write("GET /host/jobs HTTP/1.1\r\nHost: h\r\n\r\n"
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1))
                    .doesNotContain("HTTP/1.1 200");
        } catch (IOException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
        assertThatThrownBy(() -> client(HostClientAccess.open()).status()).isInstanceOf(FlynnException.class);
    }

    @Test
    void aClientOfTlsIsToldThatAHostIsOpen() throws Exception {
        try (var open = new ApiHost(directory.resolve("open"))) {
            var client = new HostClient(
                    "host1", "127.0.0.1:" + open.port(), HostClientAccess.ofHost(credentials), host.json);
            assertThatThrownBy(client::status).hasMessageContaining("--insecure-host-api");
        }
    }

    @Test
    void attachingWorksOverTlsToTheLastFrame() throws Exception {
        HostClient client = client(HostClientAccess.ofHost(credentials));
        String id = host.newId();
        var seen = new StringBuilder();
        try (AttachedHostJob job =
                client.attach(id, new HostClient.Attach(true, false, true, false, Optional.empty()))) {
            assertThat(job.awaitFirstAnswer()).isFalse();
            client.run(id, (ObjectNode) host.json.readTree(host.shell(
                    "head -c 2000000 /dev/zero | tr '\\0' x; cat; exit 3", ",\"stdin\":true,\"disable_log\":true")));
            job.awaitAttached();
            job.stdin("the end".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 7);
            job.closeStdin();
            OptionalInt status = job.run((stream, bytes) -> {
                assertThat(stream).isEqualTo(OutputStreamKind.STDOUT);
                seen.append(new String(bytes, java.nio.charset.StandardCharsets.US_ASCII));
            });
            assertThat(status).hasValue(3);
        }
        assertThat(seen).hasSize(2_000_007).endsWith("xthe end");
    }

    @Test
    void failuresAreSlowAndFewOfAnAddressWait() {
        var strangers = new Strangers();
        var peer = new InetSocketAddress("192.0.2.1", 1);
        for (int i = 0; i < Strangers.MAX_WAITING; i++) {
            assertThat(strangers.mayWait(peer)).isTrue();
        }
        assertThat(strangers.mayWait(peer)).isFalse();
        assertThat(strangers.mayWait(new InetSocketAddress("192.0.2.2", 1))).isTrue();
        strangers.waited(peer);
        assertThat(strangers.mayWait(peer)).isTrue();
        assertThat(Strangers.DELAY).isGreaterThanOrEqualTo(Duration.ofMillis(500));
    }

    @Test
    void theOpenFormIsForLoopbackAndNotForPagesOfBrowsers() throws Exception {
        assertThatThrownBy(() -> HostApiSecurity.open().requireAddress(new InetSocketAddress("192.0.2.1", 1113)))
                .hasMessageContaining("--insecure-host-api")
                .hasMessageContaining("192.0.2.1")
                .hasMessageContaining("loopback");
        try (var open = new ApiHost(directory.resolve("open"))) {
            assertThat(open.send("POST", "/host/tags", "{\"a\":\"b\"}", "Origin", "http://evil.example")
                            .statusCode())
                    .isEqualTo(401);
            assertThat(open.get("/host/status").body()).doesNotContain("\"tags\"");
        }
    }
}
