package dev.flynn.spi.router;

import org.apiguardian.api.API;

/** What a {@link Router} can do beyond HTTP/1.1. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum RouterCapability {
    TLS,
    UPGRADE,
    STICKY,
    TCP,
    HTTP_2
}
