package dev.flynn.access;

import dev.flynn.api.access.AuditEntry;
import java.time.Instant;
import java.util.Optional;

/**
 * Which entries somebody wants.
 *
 * @param since only those of this time or later
 * @param app id, or as the requests named it
 * @param key name of the key
 * @param count only the newest ones, at most this many
 */
public record AuditQuery(Optional<Instant> since, Optional<String> app, Optional<String> key, int count) {

    /** Whether an entry is wanted, the count aside. */
    public boolean matches(AuditEntry entry) {
        return since.map(time -> !entry.at().isBefore(time)).orElse(true)
                && (app.isEmpty() || app.equals(entry.app()))
                && (key.isEmpty() || key.get().equals(entry.key()));
    }
}
