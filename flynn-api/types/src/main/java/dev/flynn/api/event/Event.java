package dev.flynn.api.event;

import dev.flynn.api.id.AppId;
import java.time.Instant;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Something that happened, never changed afterwards.
 *
 * @param id strictly increasing in commit order, from 1
 * @param app absent for what belongs to the whole cluster
 * @param objectType one of {@link EventType}'s wire names
 * @param data the object as JSON text, as it was when the event was committed; {@code null} when there is none
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Event(long id, Optional<AppId> app, String objectType, String objectId, String data, Instant createdAt) {}
