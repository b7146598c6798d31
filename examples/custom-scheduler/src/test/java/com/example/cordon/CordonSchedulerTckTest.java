package com.example.cordon;

import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.tck.scheduler.SchedulerTck;

/** All that the platform asks of a scheduler. */
class CordonSchedulerTckTest extends SchedulerTck {

    @Override
    protected Scheduler newScheduler() {
        return new CordonScheduler();
    }
}
