package dev.flynn.spi.router;

import org.apiguardian.api.API;

/** Hears what happens in a router, one call at a time and in order. Must not block. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface RouterListener {

    /**
     * The table has no longer named this address, and the last request or connection that went there is over; or the
     * table never carried anything to it.
     */
    void backendDrained(String addr);
}
