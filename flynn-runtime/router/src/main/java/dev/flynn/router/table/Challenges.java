package dev.flynn.router.table;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.message.TextAnswer;
import dev.flynn.router.tls.ChallengeCertificates;
import dev.flynn.spi.router.AcmeChallenge;
import dev.flynn.spi.router.AcmeChallenge.Kind;
import io.netty.handler.ssl.SslContext;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The challenges of a table, ready to be answered. Immutable. */
public final class Challenges {

    static final Challenges NONE = new Challenges(Map.of(), Map.of());

    private static final byte[] PREFIX = Ascii.bytes("/.well-known/acme-challenge/");
    private static final byte[] GET = Ascii.bytes("GET");
    private static final byte[] HEAD = Ascii.bytes("HEAD");
    private static final String FIELDS = "Content-Type: application/octet-stream\r\nCache-Control: no-store\r\n";

    /** By domain and token, as in {@link #key}. */
    private final Map<String, Answer> answers;

    private final Map<AcmeChallenge, SslContext> contexts;
    private final Map<String, SslContext> contextsByDomain = new HashMap<>();

    private Challenges(Map<String, Answer> answers, Map<AcmeChallenge, SslContext> contexts) {
        this.answers = answers;
        this.contexts = contexts;
        contexts.forEach((challenge, context) -> contextsByDomain.put(challenge.domain(), context));
    }

    /** @param previous whose certificates are used again */
    static Challenges of(Set<AcmeChallenge> challenges, Challenges previous) {
        if (challenges.isEmpty()) {
            return NONE;
        }
        Map<String, Answer> answers = new HashMap<>();
        Map<AcmeChallenge, SslContext> contexts = new HashMap<>();
        for (AcmeChallenge challenge : challenges) {
            if (challenge.kind() == Kind.HTTP_01) {
                answers.put(
                        key(challenge.domain(), challenge.token()),
                        new TextAnswer(
                                200, "OK", FIELDS, challenge.keyAuthorization().getBytes(StandardCharsets.US_ASCII)));
            } else {
                SslContext known = previous.contexts.get(challenge);
                contexts.put(challenge, known == null ? ChallengeCertificates.context(challenge) : known);
            }
        }
        return new Challenges(answers, contexts);
    }

    private static String key(String domain, String token) {
        return domain + "/" + token;
    }

    /** What to answer a request; null for one that goes its way. */
    @Nullable
    public Answer answer(Head head, RequestTarget wanted) {
        if (answers.isEmpty() || !(head.methodIs(GET) || head.methodIs(HEAD))) {
            return null;
        }
        int token = wanted.pathStart() + PREFIX.length;
        if (token >= wanted.pathEnd()
                || !Arrays.equals(head.bytes(), wanted.pathStart(), token, PREFIX, 0, PREFIX.length)) {
            return null;
        }
        return answers.get(key(wanted.host(), Ascii.string(head.bytes(), token, wanted.pathEnd())));
    }

    /** For a handshake that offers {@link ChallengeCertificates#PROTOCOL}. */
    public Optional<SslContext> tls(String host) {
        return Optional.ofNullable(contextsByDomain.get(host));
    }
}
