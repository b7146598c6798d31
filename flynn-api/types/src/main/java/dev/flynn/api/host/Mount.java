package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/**
 * A file or directory of the host that a job sees (contract: layer 0, Mount).
 *
 * @param source on the host; an absolute path
 * @param destination in the job; an absolute path
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Mount(String source, String destination, Access access) {

    /** What the job may do with it. */
    public enum Access {
        READ_ONLY,
        /** What the job changes is changed on the host. */
        READ_WRITE,
        /** The job may change what it sees, but nobody else sees that, and it is gone with the job. */
        PRIVATE_COPY
    }

    public Mount {
        requireAbsolute("source", source);
        requireAbsolute("destination", destination);
    }

    private static void requireAbsolute(String field, String path) {
        if (!path.startsWith("/") || path.indexOf(0) >= 0) {
            throw FlynnException.invalidField(field, "of a mount must be an absolute path, was \"" + path + "\"");
        }
    }
}
