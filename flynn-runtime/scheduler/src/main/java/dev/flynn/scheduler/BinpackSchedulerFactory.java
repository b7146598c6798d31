package dev.flynn.scheduler;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerFactory;
import java.util.Map;

/** Creates the scheduler named {@code binpack}; it has no settings. */
public final class BinpackSchedulerFactory implements SchedulerFactory {

    @Override
    public String name() {
        return "binpack";
    }

    @Override
    public Scheduler create(Map<String, String> settings, ComponentContext context) {
        if (!settings.isEmpty()) {
            throw FlynnException.invalid("the scheduler \"binpack\" has no settings, found " + settings.keySet());
        }
        return new BinpackScheduler();
    }
}
