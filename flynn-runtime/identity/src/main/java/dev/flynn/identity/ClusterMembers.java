package dev.flynn.identity;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostRecord.IssuedKey;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Which hosts belong to the cluster, as its store has it: the authority, the keys that certificates were issued for, join
 * tokens, and removed hosts, below {@code identity/}.
 *
 * <p>Every host holds a replica of the store and so could certify others: a host is trusted with the whole cluster. In return
 * any host lets others join, and each renews its own certificate, whichever hosts are gone. Thread-safe.
 */
public final class ClusterMembers implements TokenAdmin {

    static final String PREFIX = "identity/";

    private static final String AUTHORITY = "authority";
    private static final int MAX_USES = 1000;
    private static final int MAX_NOTE = 200;
    private static final Duration MAX_VALIDITY = Duration.ofDays(366);
    private static final Duration REMEMBERED = Duration.ofDays(30);

    private final ClusterState state;
    private final Table<AuthorityRecord> authorities;
    private final Table<HostRecord> hosts;
    private final Table<RemovedHost> removed;
    private final Table<TokenRecord> tokens;

    /** @param pem certificate and key */
    record AuthorityRecord(String pem) {}

    public ClusterMembers(ClusterState state) {
        this.state = state;
        this.authorities = state.table(PREFIX, AuthorityRecord.class);
        this.hosts = state.table(PREFIX + "hosts/", HostRecord.class);
        this.removed = state.table(PREFIX + "removed/", RemovedHost.class);
        this.tokens = state.table(PREFIX + "tokens/", TokenRecord.class);
    }

    // the authority

    /**
     * Gives a new cluster's authority to its store, and enters its first host; does nothing if that was done.
     *
     * @throws FlynnException {@code CONFLICT} if the store is that of another cluster
     */
    public void found(ClusterAuthority authority, HostIdentity first) {
        Optional<ClusterAuthority> known = authorityIfKnown();
        if (known.isEmpty()) {
            Transaction.Builder transaction = Transaction.builder();
            authorities.create(transaction, AUTHORITY, new AuthorityRecord(authority.toPem()));
            hosts.create(transaction, first.hostId(), new HostRecord(List.of(issued(first.certificate())), "", now()));
            state.commit(transaction);
            known = authorityIfKnown();
        }
        if (!known.map(ClusterAuthority::clusterId).equals(Optional.of(authority.clusterId()))) {
            throw FlynnException.conflict(
                    "this host belongs to cluster %s and its store to another: two clusters never merge"
                            .formatted(authority.clusterId()));
        }
    }

    /** @throws FlynnException {@code PRECONDITION_FAILED} before the cluster was founded */
    public ClusterAuthority authority() {
        return authorityIfKnown()
                .orElseThrow(() -> new FlynnException(
                        ErrorCode.PRECONDITION_FAILED,
                        "the cluster's store has no authority yet: its first host writes it"));
    }

    private Optional<ClusterAuthority> authorityIfKnown() {
        return authorities
                .find(AUTHORITY)
                .map(record -> ClusterAuthority.parse(record.value().pem()));
    }

    // hosts

    /** A host that belongs to the cluster. */
    public boolean isMember(String hostId) {
        return hosts.find(hostId).isPresent();
    }

    /**
     * Certifies a new key of a host that belongs to the cluster.
     *
     * @param request PKCS #10
     */
    X509Certificate renew(String hostId, byte[] request) {
        PublicKey key = Certificates.requestedKey(request);
        X509Certificate certificate = authority().certify(hostId, key, now());
        hosts.update(hostId, record -> record.with(issued(certificate), now()));
        return certificate;
    }

    /**
     * Takes a host out of the cluster: from now on nobody accepts its certificates, and those connected to it hang up. An id
     * that is not known is fine. The host may join again with a new token.
     */
    public void remove(String hostId) {
        while (true) {
            Optional<Versioned<HostRecord>> host = hosts.find(hostId);
            if (host.isEmpty()) {
                return;
            }
            List<String> keys = host.get().value().keys().stream()
                    .map(IssuedKey::fingerprint)
                    .toList();
            Transaction.Builder transaction = Transaction.builder();
            hosts.remove(transaction, host.get());
            Optional<Versioned<RemovedHost>> before = removed.find(hostId);
            if (before.isPresent()) {
                removed.replace(transaction, before.get(), before.get().value().and(keys, now()));
            } else {
                removed.create(transaction, hostId, new RemovedHost(keys, now()));
            }
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    TableView<RemovedHost> removedHosts(Runnable onChange) {
        return removed.view(onChange);
    }

    // tokens

    @Override
    public String create(String note, int maxUses, Duration validity) {
        JoinToken token = JoinToken.of(authority());
        enter(token, note, maxUses, validity);
        return token.text();
    }

    /** Lets hosts join by a token that was made before the cluster was; does nothing if it is known. */
    public void enter(JoinToken token, String note, int maxUses, Duration validity) {
        if (maxUses < 1 || maxUses > MAX_USES) {
            throw FlynnException.invalid("a join token is for 1 to %d hosts, not %d".formatted(MAX_USES, maxUses));
        }
        if (validity.isNegative() || validity.isZero() || validity.compareTo(MAX_VALIDITY) > 0) {
            throw FlynnException.invalid("a join token is valid for up to %d days".formatted(MAX_VALIDITY.toDays()));
        }
        if (note.length() > MAX_NOTE) {
            throw FlynnException.invalid("the note of a token has at most %d characters".formatted(MAX_NOTE));
        }
        while (tokens.find(token.id()).isEmpty()) {
            var record = new TokenRecord(
                    HexFormat.of().formatHex(token.secretHash()), note, now(), now().plus(validity), maxUses, 0, false);
            Transaction.Builder transaction = Transaction.builder();
            tokens.create(transaction, token.id(), record);
            forgetOld(transaction); // somebody else may forget the same ones
            var unused = state.commit(transaction);
        }
    }

    private void forgetOld(Transaction.Builder transaction) {
        Instant now = now();
        tokens.list().stream()
                .filter(token -> token.value().expiresAt().plus(REMEMBERED).isBefore(now))
                .forEach(token -> tokens.remove(transaction, token));
    }

    @Override
    public List<TokenInfo> list() {
        List<TokenInfo> all = new ArrayList<>();
        Instant now = now();
        for (Versioned<TokenRecord> token : tokens.list()) {
            all.add(token.value().info(tokens.id(token.key()), now));
        }
        all.sort(Comparator.comparing(TokenInfo::createdAt).thenComparing(TokenInfo::id));
        return all;
    }

    @Override
    public void revoke(String id) {
        if (!id.matches("[0-9a-f]{16}") || tokens.find(id).isEmpty()) {
            throw FlynnException.notFound("join token", id);
        }
        tokens.update(id, TokenRecord::revoke);
    }

    /**
     * Lets a host join, once per host: repeating it with the same key gives the host another certificate and uses up nothing.
     *
     * @throws FlynnException {@code UNAUTHORIZED} if the token does not let it, {@code CONFLICT} if the host's id is taken
     */
    X509Certificate join(JoinToken token, String hostId, byte[] request) {
        HostName.requireHostId(hostId);
        ClusterAuthority authority = authority();
        if (!token.clusterId().equals(authority.clusterId())) {
            throw refused("it is for cluster %s and this is cluster %s: two clusters never merge"
                    .formatted(token.clusterId(), authority.clusterId()));
        }
        while (true) {
            Versioned<TokenRecord> record = genuine(token);
            PublicKey key = Certificates.requestedKey(request);
            X509Certificate certificate = authority.certify(hostId, key, now());
            if (alreadyJoined(hostId, Fingerprint.of(key), token)) {
                return certificate;
            }
            requireUsable(record.value());
            Transaction.Builder transaction = Transaction.builder();
            tokens.replace(transaction, record, record.value().used());
            hosts.create(transaction, hostId, new HostRecord(List.of(issued(certificate)), token.id(), now()));
            if (state.commit(transaction).committed()) {
                return certificate;
            }
        }
    }

    /** The record of a token whose secret is the right one. */
    private Versioned<TokenRecord> genuine(JoinToken token) {
        Optional<Versioned<TokenRecord>> record = tokens.find(token.id());
        byte[] expected = record.map(
                        found -> HexFormat.of().parseHex(found.value().secretHash()))
                .orElse(new byte[0]);
        if (!MessageDigest.isEqual(expected, token.secretHash())) {
            throw refused("the cluster does not know it");
        }
        return record.orElseThrow();
    }

    private boolean alreadyJoined(String hostId, String key, JoinToken token) {
        Optional<HostRecord> host = hosts.find(hostId).map(Versioned::value);
        if (host.isPresent() && !(host.get().has(key) && host.get().token().equals(token.id()))) {
            throw FlynnException.conflict(
                    "a host \"%s\" belongs to the cluster already: give this one another id, or remove the other first with 'flynn-host remove %s'"
                            .formatted(hostId, hostId));
        }
        return host.isPresent();
    }

    private void requireUsable(TokenRecord token) {
        switch (token.info("", now()).state()) {
            case VALID -> {}
            case REVOKED -> throw refused("it was revoked");
            case EXPIRED -> throw refused("it expired at %s, and it is %s".formatted(token.expiresAt(), now()));
            case USED_UP -> throw refused("%d of %d hosts joined with it".formatted(token.uses(), token.maxUses()));
        }
    }

    private static FlynnException refused(String why) {
        return new FlynnException(
                ErrorCode.UNAUTHORIZED,
                "the join token is refused: %s; make one on a host of the cluster with 'flynn-host token create'"
                        .formatted(why));
    }

    private static IssuedKey issued(X509Certificate certificate) {
        return new IssuedKey(
                Fingerprint.of(certificate.getPublicKey()),
                certificate.getNotAfter().toInstant());
    }

    private Instant now() {
        return state.clock().instant();
    }
}
