package dev.flynn.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.SealingKey;
import dev.flynn.json.FlynnJson;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers hosts that want to join: the one thing that a cluster does for strangers. Thread-safe. */
public final class JoinDesk {

    /** No request is larger. */
    public static final int MAX_REQUEST_BYTES = 8 * 1024;

    /** The fact that has the cluster's sealing key, in base64; whoever joins keeps it with its identity, and nowhere else. */
    static final String SEALING_KEY = "sealing-key";

    private static final Logger log = LoggerFactory.getLogger(JoinDesk.class);

    private final Supplier<ClusterMembers> members;
    private final FlynnJson json;
    private final Supplier<Map<String, String>> facts;
    private final Supplier<Optional<SealingKey>> sealingKey;

    /** @param facts that a host which has joined needs to find its cluster: the store's peers, for example */
    public JoinDesk(ClusterMembers members, FlynnJson json, Supplier<Map<String, String>> facts) {
        this(() -> members, json, facts, Optional::empty);
    }

    /**
     * A desk that opens before the cluster's store does.
     *
     * @param members throws {@code SERVICE_UNAVAILABLE} as long as nobody can join
     * @param sealingKey what hosts that join are told too
     */
    public JoinDesk(
            Supplier<ClusterMembers> members,
            FlynnJson json,
            Supplier<Map<String, String>> facts,
            Supplier<Optional<SealingKey>> sealingKey) {
        this.sealingKey = sealingKey;
        this.members = members;
        this.json = json;
        this.facts = facts;
    }

    /** Answers anything: a refusal is an answer too. May take as long as a write to the store does. */
    public byte[] answer(byte[] request) {
        JoinMessages.Reply reply;
        try {
            reply = join(read(request));
        } catch (FlynnException refused) {
            log.atWarn().addKeyValue("reason", refused.getMessage()).log("a host that wanted to join was refused");
            reply = JoinMessages.Reply.refused(refused.code().wireName(), refused.getMessage());
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a host could not join");
            reply = JoinMessages.Reply.refused(
                    ErrorCode.UNKNOWN.wireName(), "the cluster failed to answer; see its log");
        }
        return json.writeBytes(reply);
    }

    private JoinMessages.Request read(byte[] request) {
        if (request.length > MAX_REQUEST_BYTES) {
            throw FlynnException.invalid("a request to join has at most %d bytes".formatted(MAX_REQUEST_BYTES));
        }
        JoinMessages.Request read = json.read(new String(request, UTF_8), JoinMessages.Request.class);
        if (read == null || read.format() != JoinMessages.FORMAT) {
            throw FlynnException.invalid("the request to join is not of format %d: use the same version on all hosts"
                    .formatted(JoinMessages.FORMAT));
        }
        return read;
    }

    private JoinMessages.Reply join(JoinMessages.Request request) {
        byte[] csr;
        try {
            csr = Base64.getDecoder().decode(request.request());
        } catch (IllegalArgumentException e) {
            throw FlynnException.invalid("the request for a certificate is not base64");
        }
        JoinToken token = JoinToken.parse(request.token());
        String certificate = Pem.of(members.get().join(token, request.hostId(), csr));
        log.atInfo()
                .addKeyValue("host", request.hostId())
                .addKeyValue("token", token.id())
                .log("host joined the cluster");
        return JoinMessages.Reply.joined(certificate, factsWithKey());
    }

    private Map<String, String> factsWithKey() {
        Map<String, String> all = new HashMap<>(facts.get());
        sealingKey
                .get()
                .ifPresent(key -> all.put(SEALING_KEY, Base64.getEncoder().encodeToString(key.bytes())));
        return all;
    }
}
