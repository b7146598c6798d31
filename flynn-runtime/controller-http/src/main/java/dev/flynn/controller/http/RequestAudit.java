package dev.flynn.controller.http;

import dev.flynn.access.AuditTrail;
import dev.flynn.api.access.AuditEntry;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One entry in the audit for each request that changes something. */
final class RequestAudit {

    private static final Pattern ID = Pattern.compile("[\\w.:/+=-]{1,128}");

    private static final int MAX_PATH = 512;

    private final AuditTrail trail;
    private final Clock clock;

    RequestAudit(AuditTrail trail, Clock clock) {
        this.trail = trail;
        this.clock = clock;
    }

    /** @param path as it was written, without the query, which may hold the key */
    void record(Visit visit, String path, int status, long millis, String id) {
        if (visit.request().method().equals("GET")) {
            return;
        }
        trail.record(new AuditEntry(
                0,
                clock.instant(),
                visit.actor(),
                visit.request().method(),
                path.substring(0, Math.min(path.length(), MAX_PATH)),
                Optional.ofNullable(visit.request().variables().get("app")),
                status,
                millis,
                id,
                visit.remote(),
                0));
    }

    /** The client's own id for the request, if it is one that cannot confuse a reader of the log. */
    static String id(@Nullable String given) {
        return given != null && ID.matcher(given).matches()
                ? given
                : UUID.randomUUID().toString();
    }
}
