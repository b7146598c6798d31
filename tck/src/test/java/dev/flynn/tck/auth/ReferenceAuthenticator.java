package dev.flynn.tck.auth;

import dev.flynn.api.access.Scope;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.AuthenticatorCapability;
import dev.flynn.spi.auth.Principal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The simplest authenticator that keeps its promises: a list of digests. */
class ReferenceAuthenticator implements Authenticator {

    record Holder(byte[] digest, Principal principal, Optional<Instant> expiresAt) {}

    final List<Holder> holders = new ArrayList<>();
    Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private boolean closed;

    synchronized String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        String key = UUID.randomUUID().toString();
        holders.add(new Holder(digest(key), new Principal(name, scopes), expiresAt));
        return key;
    }

    synchronized void revoke(String name) {
        holders.removeIf(holder -> holder.principal().name().equals(name));
    }

    @Override
    public Set<AuthenticatorCapability> capabilities() {
        return EnumSet.allOf(AuthenticatorCapability.class);
    }

    @Override
    public synchronized Optional<Principal> authenticate(String key) {
        byte[] digest = digest(key);
        Optional<Principal> found = Optional.empty();
        for (Holder holder : holders) {
            if (MessageDigest.isEqual(digest, holder.digest()) && isValid(holder) && !closed) {
                found = Optional.of(holder.principal());
            }
        }
        return found;
    }

    boolean isValid(Holder holder) {
        return holder.expiresAt().map(now::isBefore).orElse(true);
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
