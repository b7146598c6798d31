package dev.flynn.tck.resource;

import org.apiguardian.api.API;

/** What can be wrong with the service that resources are provisioned on. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Fault {
    /** Nobody answers. */
    AWAY,
    /** It does a part of what creates a resource and refuses the rest: it lets a database be created, and no user. */
    HALFWAY
}
