package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import java.util.Map;
import org.apiguardian.api.API;

/**
 * A machine of the cluster.
 *
 * @param id without dashes, so that a job id names its host
 * @param url where the host answers
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Host(String id, String url, Map<String, String> tags) {

    public Host {
        if (id.isEmpty() || id.contains("-")) {
            throw FlynnException.invalidField(
                    "id", "of a host must not be empty or contain a dash, was \"" + id + "\"");
        }
        tags = Map.copyOf(tags);
    }
}
