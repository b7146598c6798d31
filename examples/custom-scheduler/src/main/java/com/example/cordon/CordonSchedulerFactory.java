package com.example.cordon;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerFactory;
import java.util.Map;

/** Makes the scheduler that is named {@code cordon}. */
public final class CordonSchedulerFactory implements SchedulerFactory {

    @Override
    public String name() {
        return "cordon";
    }

    @Override
    public Scheduler create(Map<String, String> settings, ComponentContext context) {
        if (!settings.isEmpty()) {
            throw FlynnException.invalid("the scheduler \"cordon\" has no settings, found " + settings.keySet());
        }
        return new CordonScheduler();
    }
}
