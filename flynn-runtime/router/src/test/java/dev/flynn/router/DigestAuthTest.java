package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.policy.Nonces;
import dev.flynn.router.policy.PasswordHash;
import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Passwords that do not travel (RFC 7616). */
class DigestAuthTest {

    private static final byte[] KEY = Ascii.bytes("a key of thirty-two bytes, so so");
    private static final String REALM = "the shop";
    private static final Pattern NONCE = Pattern.compile("nonce=\"([^\"]+)\"");

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture().with(builder -> builder.cookieKey(KEY));

    private final TestBackend backend = fixture.open(TestBackend.saying("hello"));
    private PasswordHash hash = new PasswordHash("SHA-256");

    private void route(String algorithm, String user, String password) {
        hash = new PasswordHash(algorithm);
        var auth = new Auth(Auth.Scheme.DIGEST, REALM, Map.of(user, hash.of(user + ":" + REALM + ":" + password)));
        fixture.route(HttpRoute.to("app", "web")
                        .policy(RoutePolicy.builder().auth(auth).build())
                        .build())
                .backends("web", backend.addr());
    }

    private String nonce() throws IOException {
        return nonce(fixture.get("app", "/"));
    }

    private static String nonce(HttpMessage refusal) {
        assertThat(refusal.status()).isEqualTo(401);
        Matcher nonce = NONCE.matcher(refusal.field("WWW-Authenticate").orElseThrow());
        assertThat(nonce.find()).isTrue();
        return nonce.group(1);
    }

    /** What a client says; the user's name in UTF-8, which the test client sends byte by byte. */
    private String digest(String user, String password, String nonce, int count) {
        String secret = hash.of(user + ":" + REALM + ":" + password);
        String response = hash.of("%s:%s:%08x:0a4f:auth:%s".formatted(secret, nonce, count, hash.of("GET:/")));
        String bytes = new String(user.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return ("Authorization: Digest username=\"%s\", realm=\"%s\", uri=\"/\", algorithm=%s, nonce=\"%s\", nc=%08x,"
                        + " cnonce=\"0a4f\", qop=auth, response=\"%s\"")
                .formatted(bytes, REALM, hash.algorithm(), nonce, count, response);
    }

    @ParameterizedTest
    @CsvSource({"SHA-256, alice", "MD5, alice", "SHA-256, J\u00e4s\u00f8n Doe"})
    void whoKnowsThePasswordPasses(String algorithm, String user) throws IOException {
        route(algorithm, user, "s3cret");

        assertThat(fixture.get("app", "/", digest(user, "s3cret", nonce(), 1)).text())
                .isEqualTo("hello");
    }

    @Test
    void theChallengeTellsWhatIsWanted() throws IOException {
        route("SHA-256", "alice", "s3cret");

        assertThat(fixture.get("app", "/").field("WWW-Authenticate").orElseThrow())
                .matches("Digest realm=\"the shop\", qop=\"auth\", algorithm=SHA-256, nonce=\"[^\"]+\", charset=UTF-8");
    }

    @Test
    void anExampleOfAnotherClient() throws IOException {
        route("SHA-256", "J\u00e4s\u00f8n", "x");
        String nonce = nonce();
        String plain = digest("J\u00e4s\u00f8n", "x", nonce, 1);
        String extended = plain.replaceFirst("username=\"[^\"]*\"", "username*=UTF-8''J%C3%A4s%C3%B8n");

        assertThat(fixture.get("app", "/", extended).status()).isEqualTo(200);
    }

    @Test
    void aCountIsGoodOnceAndTheClientIsToldToGoOnWithAFreshNonce() throws IOException {
        route("SHA-256", "alice", "s3cret");
        String nonce = nonce();
        assertThat(fixture.get("app", "/", digest("alice", "s3cret", nonce, 2)).status())
                .isEqualTo(200);
        assertThat(fixture.get("app", "/", digest("alice", "s3cret", nonce, 1)).status())
                .isEqualTo(200);

        HttpMessage replayed = fixture.get("app", "/", digest("alice", "s3cret", nonce, 2));

        assertThat(replayed.field("WWW-Authenticate").orElseThrow()).endsWith("stale=true");
        assertThat(fixture.get("app", "/", digest("alice", "s3cret", nonce(replayed), 1))
                        .status())
                .isEqualTo(200);
        assertThat(backend.requests()).hasSize(3);
    }

    @Test
    void anOldNonceIsStaleForWhoKnowsThePasswordOnly() throws IOException {
        route("SHA-256", "alice", "s3cret");
        long before = System.currentTimeMillis() - Nonces.LIFETIME.toMillis() - 1000;
        String old = new Nonces(KEY, () -> before).next(REALM);

        assertThat(challengeFor(digest("alice", "s3cret", old, 1))).contains("stale=true");
        assertThat(challengeFor(digest("alice", "wrong", old, 1))).doesNotContain("stale");
        assertThat(challengeFor(digest("alice", "s3cret", "made up", 1))).contains("stale=true");
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void aNonceOfAnotherRouterWithTheSameKeyIsGood() throws IOException {
        route("SHA-256", "alice", "s3cret");
        String elsewhere = new Nonces(KEY, System::currentTimeMillis).next(REALM);

        assertThat(fixture.get("app", "/", digest("alice", "s3cret", elsewhere, 1))
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qop=auth|qop=auth-int",
                "qop=auth, |",
                "algorithm=SHA-256|algorithm=MD5",
                "uri=\"/\"|uri=\"/other\"",
                "nc=00000001|nc=00000002",
                "nc=00000001|nc=1",
                "realm=\"the shop\"|realm=\"the bank\"",
                "username=\"alice\"|username=\"bob\"",
                "username=\"alice\", |",
                "Digest |Basic ",
                "cnonce=\"0a4f\"|cnonce=\"0a4e\"",
                "qop=auth|qop=auth, qop=auth"
            })
    void whateverIsChangedIsRefused(String change) throws IOException {
        route("SHA-256", "alice", "s3cret");
        String[] fromTo = change.split("\\|", -1);
        String digest = digest("alice", "s3cret", nonce(), 1);
        assertThat(digest).contains(fromTo[0]);

        assertThat(challengeFor(digest.replace(fromTo[0], fromTo[1]))).doesNotContain("stale");
        assertThat(backend.requests()).isEmpty();
        assertThat(fixture.get("app", "/", digest).status()).isEqualTo(200);
    }

    private String challengeFor(String field) throws IOException {
        HttpMessage refusal = fixture.get("app", "/", field);
        assertThat(refusal.status()).isEqualTo(401);
        return refusal.field("WWW-Authenticate").orElseThrow();
    }

    @Test
    void twoFieldsAreNone() throws IOException {
        route("SHA-256", "alice", "s3cret");
        String digest = digest("alice", "s3cret", nonce(), 1);

        assertThat(fixture.get("app", "/", digest, digest).status()).isEqualTo(401);
    }
}
