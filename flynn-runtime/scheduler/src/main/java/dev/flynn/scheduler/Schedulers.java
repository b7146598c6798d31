package dev.flynn.scheduler;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerFactory;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The schedulers that are on the class path, by name. */
public final class Schedulers {

    /** Variable with the name of the scheduler to use; {@value #DEFAULT} unless set. */
    public static final String VARIABLE = "SCHEDULER";

    public static final String DEFAULT = "spread";

    private Schedulers() {}

    /**
     * The scheduler that an environment asks for; the caller closes it.
     *
     * @param loader where schedulers are looked for
     * @throws FlynnException {@code VALIDATION} if there is none of that name
     */
    public static Scheduler fromEnv(Map<String, String> env, ClassLoader loader, ComponentContext context) {
        String name = env.getOrDefault(VARIABLE, "");
        return named(name.isEmpty() ? DEFAULT : name, loader).create(Map.of(), context);
    }

    private static SchedulerFactory named(String name, ClassLoader loader) {
        Map<String, SchedulerFactory> byName = new TreeMap<>();
        for (SchedulerFactory factory : ServiceLoader.load(SchedulerFactory.class, loader)) {
            byName.putIfAbsent(factory.name(), factory);
        }
        SchedulerFactory factory = byName.get(name);
        if (factory == null) {
            throw FlynnException.invalid("%s names the scheduler \"%s\", and there is none of that name; there are %s"
                    .formatted(VARIABLE, name, byName.keySet()));
        }
        return factory;
    }
}
