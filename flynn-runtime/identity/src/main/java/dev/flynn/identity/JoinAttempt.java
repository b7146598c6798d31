package dev.flynn.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.SealingKey;
import dev.flynn.json.FlynnJson;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A host's side of joining: what it sends, whom it trusts, and what it makes of the answer.
 *
 * <p>The key is kept in a file before it is sent, so that a host which dies, or whose answer is lost, asks again with the same
 * one and is not taken for another host of the same name.
 */
public final class JoinAttempt {

    private final JoinToken token;
    private final String hostId;
    private final IdentityFiles files;
    private final FlynnJson json;
    private final IdentityFiles.JoiningKey key;

    /** @param hostId that the host is to have from now on */
    public JoinAttempt(JoinToken token, String hostId, IdentityFiles files, FlynnJson json) {
        this.token = token;
        this.hostId = HostName.requireHostId(hostId);
        this.files = files;
        this.json = json;
        this.key = files.loadJoiningKey().orElseGet(() -> {
            KeyPair created = Certificates.newKey();
            var joining = new IdentityFiles.JoiningKey(created.getPrivate(), Certificates.request(created, hostId));
            files.saveJoiningKey(joining);
            return joining;
        });
    }

    /** Trusts a host of the cluster that the token is for, and nobody else. */
    public X509ExtendedTrustManager trustManager() {
        return new PinnedTrustManager(token.authorityFingerprint());
    }

    /** What to send. It has the token in it: only to whom {@link #trustManager} trusts. */
    public byte[] request() {
        return json.writeBytes(new JoinMessages.Request(
                JoinMessages.FORMAT, token.text(), hostId, Base64.getEncoder().encodeToString(key.request())));
    }

    /**
     * Takes the certificate and keeps the new identity in its file, and the cluster's sealing key in another.
     *
     * @param session in which the answer came
     * @throws FlynnException what the cluster said, if it refused
     */
    public Joined accept(byte[] answer, SSLSession session) {
        JoinMessages.Reply reply = json.read(new String(answer, UTF_8), JoinMessages.Reply.class);
        if (!reply.code().isEmpty()) {
            throw new FlynnException(ErrorCode.ofWireName(reply.code()), reply.message());
        }
        X509Certificate certificate = Pem.certificate(reply.certificate());
        var identity =
                new HostIdentity(new HostName(token.clusterId(), hostId), key.key(), certificate, authority(session));
        Map<String, String> facts = new HashMap<>(reply.facts());
        Optional.ofNullable(facts.remove(JoinDesk.SEALING_KEY))
                .map(text -> SealingKey.of(Base64.getDecoder().decode(text)))
                .ifPresent(files::saveSealingKey);
        files.save(identity);
        files.deleteJoiningKey();
        return new Joined(identity, facts);
    }

    private static X509Certificate authority(SSLSession session) {
        try {
            return (X509Certificate) session.getPeerCertificates()[1];
        } catch (SSLPeerUnverifiedException e) {
            throw new IllegalStateException("the trust manager let nobody in without certificates", e);
        }
    }

    /**
     * What a host has after it joined.
     *
     * @param facts to find the cluster with
     */
    public record Joined(HostIdentity identity, Map<String, String> facts) {
        public Joined {
            facts = Map.copyOf(facts);
        }
    }
}
