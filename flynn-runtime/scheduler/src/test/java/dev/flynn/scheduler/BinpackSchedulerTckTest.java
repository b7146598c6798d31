package dev.flynn.scheduler;

import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.tck.scheduler.SchedulerTck;

class BinpackSchedulerTckTest extends SchedulerTck {

    @Override
    protected Scheduler newScheduler() {
        return new BinpackScheduler();
    }
}
