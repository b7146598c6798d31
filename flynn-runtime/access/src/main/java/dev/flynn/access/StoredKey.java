package dev.flynn.access;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A named key as the store has it. */
record StoredKey(
        String name,
        List<Scope> scopes,
        String digest,
        Instant createdAt,
        Optional<Instant> expiresAt,
        Optional<Instant> revokedAt) {

    StoredKey {
        scopes = List.copyOf(scopes);
    }

    static StoredKey of(AccessKey key, KeyDigest digest) {
        return new StoredKey(
                key.name(), key.scopes(), digest.text(), key.createdAt(), key.expiresAt(), key.revokedAt());
    }

    AccessKey withUse(Optional<Instant> lastUsedAt) {
        return new AccessKey(name, scopes, createdAt, expiresAt, revokedAt, lastUsedAt);
    }

    boolean isValid(Instant now) {
        return withUse(Optional.empty()).isValid(now);
    }

    /** Whether it has been of no use for that long. */
    boolean isOver(Instant now, Duration since) {
        Optional<Instant> end = revokedAt.or(() -> expiresAt);
        return end.map(when -> when.plus(since).isBefore(now)).orElse(false);
    }

    StoredKey revoked(Instant when) {
        return new StoredKey(name, scopes, digest, createdAt, expiresAt, Optional.of(when));
    }

    /** Without the digest. */
    @Override
    public String toString() {
        return "StoredKey[" + name + "]";
    }
}
