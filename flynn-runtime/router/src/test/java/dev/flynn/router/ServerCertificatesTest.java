package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.router.tls.JdkTls;
import dev.flynn.router.tls.ServerCertificates;
import dev.flynn.spi.router.RouteTable.Certificate;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerCertificatesTest {

    private static final String OPENSSL_KEY = """
            -----BEGIN EC PARAMETERS-----
            BggqhkjOPQMBBw==
            -----END EC PARAMETERS-----
            -----BEGIN EC PRIVATE KEY-----
            MHcCAQEEIOU9iHuDXxmc3f6CQjNRakucB2nwDsJUFvSctGi5u5ouoAoGCCqGSM49
            AwEHoUQDQgAEzREtl8svjs6nc+RysurcsjwsagM9m6QiUimgEJDcAGNOuHEvOSp8
            lmUu52v15qpMf5vblXWdT+c0uH2Aob5w3g==
            -----END EC PRIVATE KEY-----
            """;

    private static final String OPENSSL_CHAIN = """
            -----BEGIN CERTIFICATE-----
            MIIBeTCCAR+gAwIBAgIUNRv54d2V3VHFr+QY9ykTVoIZWbIwCgYIKoZIzj0EAwIw
            EjEQMA4GA1UEAwwHb3BlbnNzbDAeFw0yNjExMjAyMDQ0MTlaFw0zNjExMTcyMDQ0
            MTlaMBIxEDAOBgNVBAMMB29wZW5zc2wwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
            AATNES2Xyy+Ozqdz5HKy6tyyPCxqAz2bpCJSKaAQkNwAY064cS85KnyWZS7na/Xm
            qkx/m9uVdZ1P5zS4fYChvnDeo1MwUTAdBgNVHQ4EFgQU5fJSupxdKzGhtlo87GCM
            lpEQuVowHwYDVR0jBBgwFoAU5fJSupxdKzGhtlo87GCMlpEQuVowDwYDVR0TAQH/
            BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiArxTTs35YLr71kUf9RcpXk6vuDAv+U
            w2UupuZ+A5qN8QIhALNES56b+/6pkQ0ZLh1U2v6H/bnQim/8QAnzOA7Iw5rd
            -----END CERTIFICATE-----
            """;

    private static SslContext load(Certificate certificate) {
        return ServerCertificates.load(certificate, new JdkTls());
    }

    private final Certificate valid = TestCertificates.named("valid");

    @ParameterizedTest
    @CsvSource({"RSA, false", "RSA, true", "EC, true", "Ed25519, true"})
    void readsEveryKindOfKey(String algorithm, boolean pkcs8) {
        Certificate certificate = TestCertificates.named("x", algorithm, pkcs8);

        assertThat(certificate.key())
                .contains(pkcs8 ? "-----BEGIN PRIVATE KEY" : "-----BEGIN " + algorithm + " PRIVATE KEY");
        assertThat(load(certificate).isServer()).isTrue();
    }

    /** With the parameters of the curve in front, as {@code openssl ecparam -genkey} writes it. */
    @Test
    void readsWhatOpenSslWrites() {
        assertThat(load(new Certificate("\n\n" + OPENSSL_CHAIN, OPENSSL_KEY)).isServer())
                .isTrue();
    }

    @Test
    void refusesTheKeyOfAnother() {
        for (String algorithm : List.of("EC", "RSA")) {
            Certificate other = TestCertificates.named("other", algorithm, true);

            assertThatThrownBy(() -> load(new Certificate(valid.chain(), other.key())))
                    .isInstanceOf(FlynnException.class)
                    .hasMessage("Certificate invalid: the private key is not that of the first certificate");
        }
    }

    @Test
    void refusesWhatIsNoCertificate() {
        assertThatThrownBy(() -> load(new Certificate("nonsense", valid.key())))
                .isInstanceOf(FlynnException.class)
                .hasMessageStartingWith("Certificate invalid: ");
        assertThatThrownBy(() -> load(new Certificate(valid.chain(), "nonsense")))
                .isInstanceOf(FlynnException.class)
                .hasMessageStartingWith("Certificate invalid: ");
    }
}
