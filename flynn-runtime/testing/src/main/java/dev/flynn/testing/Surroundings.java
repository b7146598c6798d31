package dev.flynn.testing;

import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.store.ClusterStore;

/** What all hosts of a cluster have in common. */
record Surroundings(
        ManualTime time,
        ClusterStore store,
        Wires wires,
        Deliveries deliveries,
        Scheduler scheduler,
        LogSink logSink) {}
