package dev.flynn.api.access;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * A named key of the HTTP API, without the key itself, which nobody keeps.
 *
 * @param name 1 to 64 characters, lower-case words joined by dashes; unique, also among those that were revoked
 * @param expiresAt from then on it is not accepted; empty for a key that does not expire
 * @param revokedAt since when it is not accepted
 * @param lastUsedAt to the minute
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AccessKey(
        String name,
        List<Scope> scopes,
        Instant createdAt,
        Optional<Instant> expiresAt,
        Optional<Instant> revokedAt,
        Optional<Instant> lastUsedAt) {

    public static final int MAX_NAME_LENGTH = 64;

    private static final Pattern NAME = Pattern.compile("[a-z\\d]+(-[a-z\\d]+)*");

    public AccessKey {
        requireValidName(name);
        scopes = List.copyOf(scopes);
        requireNonNull(createdAt, "createdAt");
        requireNonNull(expiresAt, "expiresAt");
        requireNonNull(revokedAt, "revokedAt");
        requireNonNull(lastUsedAt, "lastUsedAt");
    }

    /** @throws FlynnException {@code VALIDATION} unless it is a name that a key may have */
    public static void requireValidName(String name) {
        if (name.length() > MAX_NAME_LENGTH || !NAME.matcher(name).matches()) {
            throw FlynnException.invalidField(
                    "name",
                    "must be lower-case words joined by dashes, at most %d characters".formatted(MAX_NAME_LENGTH));
        }
    }

    public boolean isValid(Instant now) {
        return revokedAt.isEmpty() && expiresAt.map(now::isBefore).orElse(true);
    }

    public AccessKey revoked(Instant when) {
        return new AccessKey(name, scopes, createdAt, expiresAt, Optional.of(when), lastUsedAt);
    }

    public AccessKey lastUsed(Optional<Instant> when) {
        return new AccessKey(name, scopes, createdAt, expiresAt, revokedAt, when);
    }
}
