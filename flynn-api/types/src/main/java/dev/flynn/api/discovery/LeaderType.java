package dev.flynn.api.discovery;

import org.apiguardian.api.API;

/** How the leader of a service is found. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum LeaderType {
    /** The instance that registered first and still lives. */
    OLDEST,
    /** The instance that was set, whether or not it lives. */
    MANUAL
}
