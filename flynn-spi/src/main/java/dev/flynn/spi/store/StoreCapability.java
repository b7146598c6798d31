package dev.flynn.spi.store;

import org.apiguardian.api.API;

/** What a {@link ClusterStore} can do beyond its basic promises. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum StoreCapability {
    /** What was acknowledged survives the death of the process at any instruction, and of the machine's power (CS-9). */
    DURABLE,
    /** What was acknowledged survives the loss of a minority of hosts. */
    REPLICATED
}
