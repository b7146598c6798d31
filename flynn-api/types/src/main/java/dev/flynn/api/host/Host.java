package dev.flynn.api.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A machine of the cluster.
 *
 * @param id without dashes, so that a job id names its host
 * @param url where the host answers
 * @param tags where placement may look for it
 * @param draining whether its jobs are to move away and new ones to stay away
 * @param full whether its disk has no room for new jobs
 * @param capacity what it has for jobs; empty if that is not known, and then nothing bounds what jobs reserve there
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Host(
        String id, String url, Map<String, String> tags, boolean draining, boolean full, Optional<Capacity> capacity) {

    public Host {
        requireNonNull(capacity, "capacity");
        if (id.isEmpty() || id.contains("-")) {
            throw FlynnException.invalidField(
                    "id", "of a host must not be empty or contain a dash, was \"" + id + "\"");
        }
        tags = Map.copyOf(tags);
    }

    /** A host that takes jobs. */
    public Host(String id, String url, Map<String, String> tags) {
        this(id, url, tags, false, false, Optional.empty());
    }

    /** A host with room on its disk. */
    public Host(String id, String url, Map<String, String> tags, boolean draining) {
        this(id, url, tags, draining, false, Optional.empty());
    }

    public Host withTags(Map<String, String> value) {
        return new Host(id, url, value, draining, full, capacity);
    }

    public Host withDraining(boolean value) {
        return new Host(id, url, tags, value, full, capacity);
    }

    public Host withFull(boolean value) {
        return new Host(id, url, tags, draining, value, capacity);
    }

    public Host withCapacity(Optional<Capacity> value) {
        return new Host(id, url, tags, draining, full, value);
    }
}
