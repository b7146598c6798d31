package dev.flynn.spi.store;

import org.apiguardian.api.API;

/** How fresh a read has to be. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Consistency {
    /** Sees every transaction that was acknowledged before the read began. */
    LINEARIZABLE,
    /** Sees some earlier state of the store, never a mixture of two; costs no round trip. */
    STALE
}
