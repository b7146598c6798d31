package dev.flynn.tck.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.access.Scope;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.AuthenticatorCapability;
import dev.flynn.spi.auth.Principal;
import dev.flynn.tck.Rule;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apiguardian.api.API;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the promises AU-1 to AU-8 of an {@link Authenticator}. Extend it, say how the authenticator is opened and how it gets
 * its keys, and run it with JUnit.
 *
 * <p>AU-1 is checked by the clock, which sees a comparison that waits or works longer for a key that is nearly right, and
 * not one that differs by a few nanoseconds: that is for whoever reads the code.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class AuthenticatorTck {

    /** How soon a key that was revoked is no longer accepted. */
    private static final Duration SOON = Duration.ofSeconds(5);

    private static final int MEASUREMENTS = 10;
    private static final int ROUNDS = 150;
    private static final int CALLS = 20;

    /** How much longer than another an answer may take, on a machine that does other things as well: not twice as long. */
    private static final double TOLERANCE = 1.0;

    private static final int THREADS = 4;

    private Authenticator authenticator;

    /** Opens an authenticator that has no keys but those of {@link #issue}. */
    protected abstract Authenticator openAuthenticator();

    /**
     * Makes a key that the open authenticator accepts when this returns.
     *
     * @param scopes only {@code admin} without {@code SCOPES}
     * @param expiresAt empty without {@code EXPIRY}
     * @return the key, of at least 16 characters
     */
    protected abstract String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt);

    /** Takes a key back; called with {@code REVOCATION} only. */
    protected void revoke(String name) {
        throw new UnsupportedOperationException("revoke is to be overridden where keys can be revoked");
    }

    /** The time that keys expire by; called with {@code EXPIRY} only. */
    protected Instant now() {
        throw new UnsupportedOperationException("now is to be overridden where keys expire");
    }

    /** Lets that time reach an instant; called with {@code EXPIRY} only. */
    protected void advanceTo(Instant instant) {
        throw new UnsupportedOperationException("advanceTo is to be overridden where keys expire");
    }

    @BeforeEach
    final void open() {
        authenticator = openAuthenticator();
    }

    @AfterEach
    final void close() {
        authenticator.close();
    }

    private String issueAdmin(String name) {
        return issue(name, Set.of(Scope.ADMIN), Optional.empty());
    }

    private boolean can(AuthenticatorCapability capability) {
        return authenticator.capabilities().contains(capability);
    }

    @Rule("AU-1")
    void anAnswerTakesTheSameTimeWhereverKeysDiffer() {
        String first = issueAdmin("first");
        String last = issueAdmin("last");
        String wrong = otherFirstCharacter(first);
        List<String> offered =
                List.of(otherLastCharacter(first), otherFirstCharacter(last), otherLastCharacter(last), "", "x");

        // whatever else the machine does adds time and never takes any away
        double difference = Double.MAX_VALUE;
        for (int i = 0; i < MEASUREMENTS && difference > TOLERANCE; i++) {
            difference = offered.stream()
                    .mapToDouble(key -> difference(wrong, key))
                    .max()
                    .orElseThrow();
        }
        assertThat(difference)
                .as("how much longer the answer to one wrong key takes than that to another")
                .isLessThanOrEqualTo(TOLERANCE);
    }

    private double difference(String one, String other) {
        long least = Long.MAX_VALUE;
        long otherLeast = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            least = Math.min(least, nanos(one));
            otherLeast = Math.min(otherLeast, nanos(other));
        }
        return Math.abs(least - otherLeast) / (double) Math.min(least, otherLeast);
    }

    private long nanos(String key) {
        long begun = System.nanoTime();
        int accepted = 0;
        for (int i = 0; i < CALLS; i++) {
            accepted += authenticator.authenticate(key).isPresent() ? 1 : 0;
        }
        long nanos = System.nanoTime() - begun;
        assertThat(accepted).isZero();
        return Math.max(1, nanos);
    }

    @Rule("AU-2")
    void whatIsNoKeyIsAnEmptyResult() {
        String key = issueAdmin("holder");
        String other = issueAdmin("other");
        List<String> offered = List.of(
                "",
                " ",
                ",",
                "\u0000",
                "\uD800",
                "x".repeat(1 << 20),
                key.substring(1),
                key.substring(0, key.length() - 1),
                key + " ",
                " " + key,
                key + "\u0000",
                key + key,
                key + "," + other,
                otherFirstCharacter(key),
                otherLastCharacter(key),
                new StringBuilder(key).reverse().toString(),
                "holder",
                "holder:" + key);

        for (String wrong : offered) {
            assertThat(authenticator.authenticate(wrong))
                    .as("a key of %d characters", wrong.length())
                    .isEmpty();
        }
        assertThat(authenticator.authenticate(key.toUpperCase(Locale.ROOT)).isPresent())
                .isEqualTo(key.equals(key.toUpperCase(Locale.ROOT)));
        assertThat(authenticator.authenticate(key)).isPresent();
        assertThat(authenticator.authenticate(other)).isPresent();
    }

    @Rule("AU-2")
    void withoutKeysNobodyIsLetIn() {
        assertThat(authenticator.authenticate("")).isEmpty();
        assertThat(authenticator.authenticate("a key of somewhere else")).isEmpty();
    }

    @Rule("AU-3")
    void keysAreInNoText() {
        PrintStream out = System.out;
        PrintStream err = System.err;
        var written = new ByteArrayOutputStream();
        String known;
        String texts;
        String unknown = "k3y-that-nobody-knows-0123456789";
        var captured = new PrintStream(written, true, StandardCharsets.UTF_8);
        System.setOut(captured);
        System.setErr(captured);
        try {
            known = issueAdmin("holder");
            texts = authenticator.authenticate(known) + " " + authenticator.authenticate(unknown) + " " + authenticator;
        } finally {
            System.setOut(out);
            System.setErr(err);
        }

        assertThat(texts + written.toString(StandardCharsets.UTF_8)).doesNotContain(known, unknown);
    }

    @Rule("AU-4")
    void aKeyGivesItsPrincipal() {
        String key = issueAdmin("operator");
        assertThat(authenticator.authenticate(key)).hasValue(Principal.admin("operator"));

        if (can(AuthenticatorCapability.SCOPES)) {
            Scope app = Scope.ofApp(AppId.random());
            List<Set<Scope>> all =
                    List.of(Set.of(Scope.READ), Set.of(Scope.DEPLOY), Set.of(app), Set.of(app, Scope.DEPLOY));
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                keys.add(issue("holder-" + i, all.get(i), Optional.empty()));
            }
            for (int i = 0; i < all.size(); i++) {
                assertThat(authenticator.authenticate(keys.get(i))).hasValue(new Principal("holder-" + i, all.get(i)));
            }
        }
        assertThat(authenticator.authenticate(key)).hasValue(Principal.admin("operator"));
    }

    @Rule("AU-5")
    void aKeyIsAcceptedUntilItExpires() {
        assumeTrue(can(AuthenticatorCapability.EXPIRY), "keys do not expire");
        Instant end = now().plus(Duration.ofHours(1));
        String key = issue("visitor", Set.of(Scope.ADMIN), Optional.of(end));
        String lasting = issueAdmin("resident");

        advanceTo(end.minusMillis(1));
        assertThat(authenticator.authenticate(key)).isPresent();
        advanceTo(end);
        assertThat(authenticator.authenticate(key)).isEmpty();
        advanceTo(end.plus(Duration.ofDays(4000)));
        assertThat(authenticator.authenticate(key)).isEmpty();
        assertThat(authenticator.authenticate(lasting)).isPresent();
    }

    @Rule("AU-6")
    void aKeyThatWasRevokedIsNotAccepted() {
        assumeTrue(can(AuthenticatorCapability.REVOCATION), "keys cannot be revoked");
        String key = issueAdmin("leaver");
        String other = issueAdmin("stayer");
        assertThat(authenticator.authenticate(key)).isPresent();

        revoke("leaver");
        await().atMost(SOON).until(() -> authenticator.authenticate(key).isEmpty());
        assertThat(authenticator.authenticate(other)).isPresent();
        String later = issueAdmin("newcomer");
        assertThat(authenticator.authenticate(later)).isPresent();
        assertThat(authenticator.authenticate(key)).isEmpty();
    }

    @Rule("AU-7")
    void answersDoNotDependOnOtherThreads() throws Exception {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            keys.add(issueAdmin("holder-" + i));
        }
        var begin = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Integer>> wrong = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                String key = keys.get(i);
                Optional<Principal> own = Optional.of(Principal.admin("holder-" + i));
                wrong.add(threads.submit(() -> {
                    begin.await();
                    return wrongAnswers(key, own);
                }));
            }
            begin.countDown();
            for (Future<Integer> each : wrong) {
                assertThat(each.get(60, TimeUnit.SECONDS)).as("wrong answers").isZero();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private int wrongAnswers(String key, Optional<Principal> own) {
        int wrong = 0;
        for (int i = 0; i < 2000; i++) {
            wrong += authenticator.authenticate(key).equals(own) ? 0 : 1;
            wrong += authenticator.authenticate(otherLastCharacter(key)).isEmpty() ? 0 : 1;
        }
        return wrong;
    }

    @Rule("AU-8")
    void afterItIsClosedNoKeyIsAccepted() {
        String key = issueAdmin("holder");
        assertThat(authenticator.authenticate(key)).isPresent();
        authenticator.close();
        authenticator.close();

        assertThat(authenticator.authenticate(key)).isEmpty();
    }

    @Rule("AU-4")
    void principalsHaveScopesThatMakeSense() {
        assertThatThrownBy(() -> new Principal("nobody", Set.of())).hasMessageContaining("scopes");
    }

    private static String otherFirstCharacter(String key) {
        return other(key.charAt(0)) + key.substring(1);
    }

    private static String otherLastCharacter(String key) {
        int last = key.length() - 1;
        return key.substring(0, last) + other(key.charAt(last));
    }

    private static char other(char c) {
        return c == 'x' ? 'y' : 'x';
    }
}
