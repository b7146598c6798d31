package dev.flynn.disk;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import java.time.Instant;
import java.util.Optional;

/**
 * Something on the disk of a host.
 *
 * @param shelf of which kind it is: {@code volumes}, {@code slugs}, …
 * @param app whose it is, if it is an app's
 * @param usedAt when somebody last had a use for it
 */
public record Item(String shelf, String id, Optional<AppId> app, long bytes, Instant usedAt, Worth worth) {

    /** Why it is there, which decides whether it may go. */
    public enum Worth {
        /** Somebody needs it now; it is never deleted. */
        IN_USE,
        /** Whoever owns it may come back for it; deleted by its owner only. */
        OWNED,
        /** It can be had again; the owner only saves the time for that. */
        CACHE,
        /** The app that owned it is gone; it is deleted after a while, in which somebody may want it back. */
        LEFT_OVER,
        /** As what is left over, but not worth keeping where room is needed. */
        LEFT_OVER_TRIVIAL;

        boolean mayGo() {
            return this != IN_USE && this != OWNED;
        }
    }

    public Item {
        requireNonNull(shelf, "shelf");
        requireNonNull(id, "id");
        requireNonNull(usedAt, "usedAt");
    }
}
