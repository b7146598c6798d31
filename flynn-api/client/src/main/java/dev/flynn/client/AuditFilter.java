package dev.flynn.client;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which entries of the audit are wanted.
 *
 * @param app id or name
 * @param key name of a key
 * @param count only the newest ones
 */
public record AuditFilter(Optional<Instant> since, Optional<String> app, Optional<String> key, OptionalInt count) {

    String target() {
        var query = new QueryString("/audit");
        since.ifPresent(time -> query.add("since", time.toString()));
        app.ifPresent(value -> query.add("app", value));
        key.ifPresent(value -> query.add("name", value));
        count.ifPresent(value -> query.add("count", String.valueOf(value)));
        return query.toString();
    }
}
