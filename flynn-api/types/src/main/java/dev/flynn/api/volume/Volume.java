package dev.flynn.api.volume;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A volume of a host (contract: controller, Endpoints added by [21]).
 *
 * @param id a UUID
 * @param hostId where its files are
 * @param type {@link #DATA}
 * @param state {@link #CREATED}
 * @param app whose it is; empty for one that an operator made
 * @param job the job that has it now
 * @param jobType for whose jobs it is
 * @param path where jobs see it
 * @param decommissionedAt since when no new job gets it
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Volume(
        String id,
        String hostId,
        String type,
        String state,
        Optional<AppId> app,
        Optional<JobId> job,
        Optional<String> jobType,
        String path,
        boolean deleteOnStop,
        Map<String, String> meta,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> decommissionedAt) {

    public static final String DATA = "data";
    public static final String CREATED = "created";
    public static final String DESTROYED = "destroyed";

    public Volume {
        requireNonNull(id, "id");
        requireNonNull(hostId, "hostId");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(updatedAt, "updatedAt");
        meta = Map.copyOf(meta);
    }
}
