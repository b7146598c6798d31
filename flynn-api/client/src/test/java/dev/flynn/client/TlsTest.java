package dev.flynn.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {

    private static final char[] PASSWORD = "password".toCharArray();

    @TempDir
    static Path directory;

    private static KeyStore keys;

    /** A certificate that nothing is right about: expired, self-signed, of another name. */
    @BeforeAll
    static void createCertificate() throws Exception {
        Path file = directory.resolve("keys");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=another.example.net",
                        "-startdate",
                        "2015/01/01",
                        "-validity",
                        "1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertThat(keytool.waitFor()).as(said).isZero();
        keys = KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private static ScriptedServer server() throws GeneralSecurityException {
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return new ScriptedServer(
                context.getServerSocketFactory(), ScriptedServer.always(ScriptedServer.json(200, "[]")));
    }

    private static ControllerClient client(ScriptedServer server, String pin) {
        return ControllerClient.builder("https://controller.flynn.localhost:" + server.port())
                .tlsPin(pin)
                .build();
    }

    @Test
    void thePinIsAllThatIsChecked() throws Exception {
        byte[] certificate = keys.getCertificate("server").getEncoded();
        String pin = Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(certificate));

        try (ScriptedServer server = server();
                ControllerClient client = client(server, pin)) {
            assertThat(client.apps()).isEmpty();
        }
    }

    @Test
    void anotherPinIsRefusedBeforeAnythingIsSent() throws Exception {
        String pin = Base64.getEncoder().encodeToString(new byte[32]);

        try (ScriptedServer server = server();
                ControllerClient client = client(server, pin)) {
            FlynnException failure = catchThrowableOfType(FlynnException.class, client::apps);

            assertThat(failure).hasMessage("pinned: the peer leaf certificate did not match the provided pin");
            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void withoutAPinTheSystemsRootsDecide() throws GeneralSecurityException, IOException {
        try (ScriptedServer server = server();
                ControllerClient client = client(server, "")) {
            FlynnException failure = catchThrowableOfType(FlynnException.class, client::apps);

            assertThat(failure)
                    .hasMessageStartingWith("the certificate of https://controller.flynn.localhost:" + server.port())
                    .hasMessageContaining("give the cluster's pin");
            assertThat(server.requests()).isEmpty();
        }
    }
}
