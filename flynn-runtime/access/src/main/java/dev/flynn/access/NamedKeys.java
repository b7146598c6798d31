package dev.flynn.access;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.IssuedKey;
import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.AuthenticatorCapability;
import dev.flynn.spi.auth.Principal;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Keys with names, scopes and an end, in the cluster store.
 *
 * <p>A key is 256 random bits, and the store has its SHA-256: nobody finds such a key by trying, so a slow hash would make
 * every request cost more and nothing safer. Each host answers from a copy of its own, which follows the store; what was
 * made or revoked elsewhere holds here as soon as this host's replica knows. Thread-safe.
 */
public final class NamedKeys implements Authenticator {

    /** Makes keys easy to find in what should not have any: {@code flynn_} and 43 characters. */
    static final String KEY_PREFIX = "flynn_";

    static final int MAX_KEYS = 1000;

    /** How long keys are still listed that were revoked or have expired. */
    static final Duration REMEMBERED = Duration.ofDays(90);

    private static final int KEY_BYTES = 32;
    private static final Duration OWN_COPY_PATIENCE = Duration.ofSeconds(2);

    private final ClusterState state;
    private final Table<StoredKey> keys;
    private final TableView<StoredKey> view;
    private final KeyUses uses;
    private final SecureRandom random = new SecureRandom();
    private final Object changes = new Object();

    private volatile Holders holders = new Holders(Map.of(), List.of());
    private volatile boolean closed;

    public NamedKeys(ClusterState state) {
        this.state = state;
        this.keys = state.table("access-keys/", StoredKey.class);
        this.view = keys.view(this::changed);
        this.uses = new KeyUses(state);
    }

    private record Holder(KeyDigest digest, StoredKey key, Principal principal) {}

    /** What was made of one picture of the store. */
    private record Holders(Map<String, Versioned<StoredKey>> from, List<Holder> all) {}

    @Override
    public Set<AuthenticatorCapability> capabilities() {
        return EnumSet.allOf(AuthenticatorCapability.class);
    }

    @Override
    public Optional<Principal> authenticate(String key) {
        KeyDigest given = KeyDigest.of(key);
        Instant now = state.clock().instant();
        Optional<Holder> found = Optional.empty();
        for (Holder holder : holders()) {
            boolean matches = holder.digest().matches(given);
            if (matches && holder.key().isValid(now) && !closed) {
                found = Optional.of(holder);
            }
        }
        found.ifPresent(holder -> uses.note(holder.key().name(), now));
        return found.map(Holder::principal);
    }

    private List<Holder> holders() {
        Holders known = holders;
        Map<String, Versioned<StoredKey>> records = view.records();
        if (known.from() != records) {
            List<Holder> all = new ArrayList<>();
            for (Versioned<StoredKey> each : records.values()) {
                StoredKey key = each.value();
                if (key.revokedAt().isEmpty()) {
                    all.add(new Holder(
                            KeyDigest.parse(key.digest()), key, new Principal(key.name(), Set.copyOf(key.scopes()))));
                }
            }
            known = new Holders(records, List.copyOf(all));
            holders = known;
        }
        return known.all();
    }

    /**
     * Makes a key; this is the only time that it is told.
     *
     * @throws FlynnException {@code OBJECT_EXISTS} if the name is taken, also by a key that was revoked; {@code VALIDATION}
     */
    public IssuedKey create(NewAccessKey wanted) {
        AccessKey.requireValidName(wanted.name());
        if (wanted.name().startsWith(ConfiguredKeys.PREFIX)) {
            throw FlynnException.invalidField(
                    "name",
                    "must not begin with %s: so the keys of AUTH_KEY are called".formatted(ConfiguredKeys.PREFIX));
        }
        List<Scope> scopes =
                wanted.scopes().stream().distinct().map(this::scope).toList();
        Scope.requireValid(scopes);
        Instant now = state.clock().instant();
        if (wanted.expiresAt().isPresent() && !wanted.expiresAt().get().isAfter(now)) {
            throw FlynnException.invalidField("expires_at", "must be in the future");
        }
        byte[] secret = new byte[KEY_BYTES];
        random.nextBytes(secret);
        String key = KEY_PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        var made = new AccessKey(wanted.name(), scopes, now, wanted.expiresAt(), Optional.empty(), Optional.empty());
        insert(StoredKey.of(made, KeyDigest.of(key)), now);
        awaitOwnCopy(records -> records.containsKey(made.name()));
        return new IssuedKey(key, made);
    }

    private void insert(StoredKey key, Instant now) {
        List<Versioned<StoredKey>> known = keys.list();
        Transaction.Builder transaction = Transaction.builder();
        keys.create(transaction, key.name(), key);
        int kept = 0;
        for (Versioned<StoredKey> each : known) {
            if (each.value().isOver(now, REMEMBERED) && !each.value().name().equals(key.name())) {
                keys.remove(transaction, each);
                uses.forget(transaction, each.value().name());
            } else {
                kept++;
            }
        }
        if (kept >= MAX_KEYS) {
            throw FlynnException.invalid(
                    "there are %d keys already; revoked and expired ones are forgotten after %d days"
                            .formatted(kept, REMEMBERED.toDays()));
        }
        if (!state.commit(transaction).committed()) {
            throw FlynnException.exists(
                    "a key \"%s\" exists already, or existed; choose another name".formatted(key.name()));
        }
    }

    /** Apps may be named. A key for an app of the platform would be a key for everything, and not look like it. */
    private Scope scope(String text) {
        String name = text.startsWith("app:") ? text.substring("app:".length()) : "";
        if (name.isEmpty()) {
            return Scope.parse(text);
        }
        App app = state.findApp(name)
                .orElseThrow(() -> FlynnException.invalidField(
                        "scopes", "name the app \"%s\", which does not exist".formatted(name)))
                .value();
        if (app.isSystemApp()) {
            throw FlynnException.invalidField(
                    "scopes",
                    "must not name %s, a part of the platform: whoever may change that may do everything, so ask for admin"
                            .formatted(app.name()));
        }
        return Scope.ofApp(app.id());
    }

    /** Keys by name, with those that were revoked or have expired in the last 90 days. */
    public List<AccessKey> list() {
        Map<String, Instant> used = uses.all();
        return keys.list().stream()
                .map(Versioned::value)
                .map(key -> key.withUse(Optional.ofNullable(used.get(key.name()))))
                .toList();
    }

    /**
     * Takes a key back; one that was taken back before stays as it is.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND}
     */
    public AccessKey revoke(String name) {
        Instant now = state.clock().instant();
        StoredKey revoked = keys.update(name, key -> key.revokedAt().isPresent() ? key : key.revoked(now));
        awaitOwnCopy(records -> !records.containsKey(name)
                || records.get(name).value().revokedAt().isPresent());
        return revoked.withUse(Optional.ofNullable(uses.all().get(name)));
    }

    private void changed() {
        synchronized (changes) {
            changes.notifyAll();
        }
    }

    /** So that who is told of a change finds that it holds here. */
    private void awaitOwnCopy(Predicate<Map<String, Versioned<StoredKey>>> holds) {
        long deadline = System.nanoTime() + OWN_COPY_PATIENCE.toNanos();
        synchronized (changes) {
            long left = OWN_COPY_PATIENCE.toMillis();
            while (!holds.test(view.records()) && left > 0) {
                try {
                    changes.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
                left = (deadline - System.nanoTime()) / 1_000_000;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        view.close();
        uses.close();
    }
}
