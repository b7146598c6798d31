package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.spi.router.AcmeChallenge;
import dev.flynn.spi.router.AcmeChallenge.Kind;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.tck.Rule;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.assertj.core.api.Assertions;

/** Promises about what certificate authorities ask: RT-33. */
abstract class ChallengePromises extends Http2PolicyPromises {

    private static final String PATH = "/.well-known/acme-challenge/";

    /** The extension of RFC 8737, section 3. */
    private static final String ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";

    private static final int DER_OCTET_STRING = 4;

    private static AcmeChallenge challenge(Kind kind, String domain) {
        return new AcmeChallenge(kind, domain, "token-1", "token-1.thumb_print");
    }

    @Rule("RT-33")
    void aTokenIsAnsweredBeforeRoutesAndPolicies() throws IOException {
        require(RouterCapability.ACME_CHALLENGES);
        RoutePolicy policy = has(RouterCapability.MAINTENANCE)
                ? RoutePolicy.builder()
                        .maintenance(Maintenance.text("back soon"))
                        .build()
                : RoutePolicy.NONE;
        ScriptedBackend backend = saying("shop");
        apply(routeTo(HttpRoute.to("shop.test", "web").policy(policy), backend)
                .challenge(challenge(Kind.HTTP_01, "shop.test"))
                .challenge(challenge(Kind.HTTP_01, "without-a-route.test")));

        assertThat(text("shop.test", PATH + "token-1")).isEqualTo("token-1.thumb_print");
        assertThat(text("Without-A-Route.test:80", PATH + "token-1")).isEqualTo("token-1.thumb_print");
        assertThat(backend.requests()).isEmpty();
    }

    @Rule("RT-33")
    void othersAreRequestsLikeAnyOther() throws IOException {
        require(RouterCapability.ACME_CHALLENGES);
        RouteTable.Builder table = routeTo("shop.test", saying("shop"));
        apply(table.route(HttpRoute.to("tls.test", "web"))
                .challenge(challenge(Kind.HTTP_01, "shop.test"))
                .challenge(challenge(Kind.TLS_ALPN_01, "tls.test")));

        for (String target : List.of(PATH + "token-2", PATH, PATH + "token-1/", "/x" + PATH + "token-1")) {
            assertThat(text("shop.test", target)).as(target).isEqualTo("shop");
        }
        assertThat(text("tls.test", PATH + "token-1")).isEqualTo("shop");
        assertThat(status("sub.shop.test", PATH + "token-1")).isEqualTo(404);

        apply(routeTo("shop.test", saying("no challenge")));
        assertThat(text("shop.test", PATH + "token-1")).isEqualTo("no challenge");
    }

    @Rule("RT-33")
    void aHandshakeForTheProtocolGetsItsCertificate() throws IOException, GeneralSecurityException {
        openWithTls();
        require(RouterCapability.ACME_CHALLENGES);
        apply(routeTo("shop.test", saying("shop")).challenge(challenge(Kind.TLS_ALPN_01, "shop.test")));

        SSLSocket asked = (SSLSocket) tlsClient("shop.test", "acme-tls/1").socket();

        assertThat(asked.getApplicationProtocol()).isEqualTo("acme-tls/1");
        var shown = (X509Certificate) asked.getSession().getPeerCertificates()[0];
        assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(2, "shop.test"));
        assertThat(shown.getCriticalExtensionOIDs()).contains(ACME_IDENTIFIER);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("token-1.thumb_print".getBytes(UTF_8));
        assertThat(content(content(shown.getExtensionValue(ACME_IDENTIFIER)))).isEqualTo(digest);
        assertThat(asked.getInputStream().read()).isEqualTo(-1);
        assertThat(certificateFor("shop.test")).isEqualTo("CN=default.test");
    }

    @Rule("RT-33")
    void withoutAChallengeTheHandshakeFails() throws IOException {
        openWithTls();
        require(RouterCapability.ACME_CHALLENGES);
        apply(routeTo("shop.test", saying("shop")).challenge(challenge(Kind.HTTP_01, "shop.test")));

        Assertions.assertThatExceptionOfType(SSLException.class).isThrownBy(() -> tlsClient("shop.test", "acme-tls/1"));
        assertThat(certificateFor("shop.test")).isEqualTo("CN=default.test");
    }

    /** Of a short element of DER. */
    private static byte[] content(byte[] der) {
        assertThat(der[0]).isEqualTo((byte) DER_OCTET_STRING);
        assertThat((int) der[1]).isEqualTo(der.length - 2);
        return Arrays.copyOfRange(der, 2, der.length);
    }
}
