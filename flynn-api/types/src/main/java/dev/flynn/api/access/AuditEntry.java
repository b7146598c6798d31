package dev.flynn.api.access;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * One request that changed something, or was to. What it sent is not told, nor is its query.
 *
 * @param id strictly increasing in the order in which entries were stored, from 1
 * @param key the name of the key that it had; empty in an entry that tells of others
 * @param app id of the app in its path, or what stood there if there was no such app
 * @param status that it was answered with; 0 if its client left before. The entry of a change is stored with it, before the
 *     answer, and has the status of success; a request that then failed has a second entry, with the same request id
 * @param millis how long it took, up to the answer or to the change that the entry was stored with
 * @param requestId as in the controller's log
 * @param remote the address that it came from
 * @param missing how many requests before it have no entry, because the store could not take them
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AuditEntry(
        long id,
        Instant at,
        String key,
        String method,
        String path,
        Optional<String> app,
        int status,
        long millis,
        String requestId,
        String remote,
        long missing) {

    public AuditEntry {
        requireNonNull(at, "at");
        requireNonNull(app, "app");
    }
}
