package dev.flynn.tck.scheduler;

import dev.flynn.spi.scheduler.Scheduler;

/** The kit accepts a scheduler that is right. */
class ReferenceSchedulerTckTest extends SchedulerTck {

    @Override
    protected Scheduler newScheduler() {
        return new ReferenceScheduler();
    }
}
