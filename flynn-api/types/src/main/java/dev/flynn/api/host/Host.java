package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import java.util.Map;
import org.apiguardian.api.API;

/**
 * A machine of the cluster.
 *
 * @param id without dashes, so that a job id names its host
 * @param url where the host answers
 * @param tags where placement may look for it
 * @param draining whether its jobs are to move away and new ones to stay away
 * @param full whether its disk has no room for new jobs
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Host(String id, String url, Map<String, String> tags, boolean draining, boolean full) {

    public Host {
        if (id.isEmpty() || id.contains("-")) {
            throw FlynnException.invalidField(
                    "id", "of a host must not be empty or contain a dash, was \"" + id + "\"");
        }
        tags = Map.copyOf(tags);
    }

    /** A host that takes jobs. */
    public Host(String id, String url, Map<String, String> tags) {
        this(id, url, tags, false, false);
    }

    /** A host with room on its disk. */
    public Host(String id, String url, Map<String, String> tags, boolean draining) {
        this(id, url, tags, draining, false);
    }

    public Host withTags(Map<String, String> value) {
        return new Host(id, url, value, draining, full);
    }

    public Host withDraining(boolean value) {
        return new Host(id, url, tags, value, full);
    }

    public Host withFull(boolean value) {
        return new Host(id, url, tags, draining, value);
    }
}
