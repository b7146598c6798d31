package dev.flynn.spi.component;

import java.util.Map;
import org.apiguardian.api.API;

/**
 * Creates one kind of component; {@code ServiceLoader} finds it, the configuration names it.
 *
 * @param <T> the SPI
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ComponentFactory<T extends AutoCloseable> {

    /** The name that selects this factory in the configuration: {@code docker}, {@code process}. */
    String name();

    /**
     * Creates a component that is ready for use; the caller closes it.
     *
     * @param settings key to value, as the configuration has them; an unknown key is refused
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} naming the setting that is wrong
     */
    T create(Map<String, String> settings, ComponentContext context);
}
