package dev.flynn.spi.scheduler;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link Scheduler}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface SchedulerFactory extends ComponentFactory<Scheduler> {}
