package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/**
 * A volume of the host that a job has to itself while it runs (contract: layer 0, VolumeBinding).
 *
 * @param volume its id
 * @param destination in the job; an absolute path
 * @param writeable whether the job may change it; a snapshot it may not
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record VolumeBinding(String volume, String destination, boolean writeable) {

    public VolumeBinding {
        if (volume.isEmpty()) {
            throw FlynnException.invalidField("volume", "must not be blank");
        }
        if (!destination.startsWith("/") || destination.indexOf(0) >= 0) {
            throw FlynnException.invalidField(
                    "target", "of a volume must be an absolute path, was \"" + destination + "\"");
        }
    }
}
