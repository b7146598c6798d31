package dev.flynn.controller.http;

import dev.flynn.access.AuditTrail;
import dev.flynn.api.access.AuditEntry;
import dev.flynn.state.Companion;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One entry in the audit for each request that changes something. It is stored with the change, as answered with success; what
 * is then answered otherwise, and what changes nothing, has an entry when it is answered.
 */
final class RequestAudit {

    /** The request's attribute, or property, that holds its {@link Audited}. */
    static final String ATTRIBUTE = "dev.flynn.controller.audited";

    private static final Pattern ID = Pattern.compile("[\\w.:/+=-]{1,128}");

    private static final int MAX_PATH = 512;

    private final AuditTrail trail;
    private final Clock clock;

    RequestAudit(AuditTrail trail, Clock clock) {
        this.trail = trail;
        this.clock = clock;
    }

    /** A request with a valid key, from its beginning to its end. */
    static final class Audited {

        private final Visit visit;
        private final String path;
        private final String id;
        private final long startedNanos;
        private volatile @Nullable Companion companion;
        private volatile int expectedStatus;

        /**
         * @param path as it was written, without the query, which may hold the key
         * @param id see {@link RequestAudit#id}
         * @param startedNanos by {@link System#nanoTime}
         */
        Audited(Visit visit, String path, String id, long startedNanos) {
            this.visit = visit;
            this.path = path;
            this.id = id;
            this.startedNanos = startedNanos;
        }

        String id() {
            return id;
        }

        private boolean isLooking() {
            return visit.request().method().equals("GET");
        }

        private boolean isStoredAs(int status) {
            Companion entry = companion;
            return entry != null && entry.isStored() && status == expectedStatus;
        }

        private AuditEntry entry(Clock clock, int status) {
            return new AuditEntry(
                    0,
                    clock.instant(),
                    visit.actor(),
                    visit.request().method(),
                    path.substring(0, Math.min(path.length(), MAX_PATH)),
                    Optional.ofNullable(visit.request().variables().get("app")),
                    status,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos),
                    id,
                    visit.remote(),
                    0);
        }
    }

    /** Something that a request does. */
    interface Work<E extends Exception> {
        void run() throws E;
    }

    /**
     * Does what a request asks for; its entry is stored with the first change.
     *
     * @param status that the request has when nothing goes wrong
     */
    <E extends Exception> void during(Audited request, int status, Work<E> work) throws E {
        if (request.isLooking()) {
            work.run();
            return;
        }
        try (Companion companion = trail.accompany(() -> request.entry(clock, status))) {
            request.expectedStatus = status;
            request.companion = companion;
            work.run();
        }
    }

    /** A request is answered, or its client left. */
    void end(Audited request, int status) {
        if (!request.isLooking() && !request.isStoredAs(status)) {
            trail.record(request.entry(clock, status));
        }
    }

    /** The client's own id for the request, if it is one that cannot confuse a reader of the log. */
    static String id(@Nullable String given) {
        return given != null && ID.matcher(given).matches()
                ? given
                : UUID.randomUUID().toString();
    }
}
