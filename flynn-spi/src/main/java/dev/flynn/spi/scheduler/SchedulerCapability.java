package dev.flynn.spi.scheduler;

import org.apiguardian.api.API;

/** What a {@link Scheduler} strives for where its basic promises leave it a choice. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum SchedulerCapability {
    /** Jobs of one type are on as many hosts as can be, so that losing one costs little (SC-4). */
    SPREADS,
    /** Jobs are on as few hosts as can be, so that others stay empty (SC-17). */
    PACKS
}
