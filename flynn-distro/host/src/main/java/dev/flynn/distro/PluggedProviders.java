package dev.flynn.distro;

import dev.flynn.base.Closer;
import dev.flynn.distro.backends.Plugins;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProviderFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resource providers that somebody else wrote, from the folder {@code plugins}: each of the controller's processes that
 * needs them has its own.
 */
final class PluggedProviders {

    private static final Logger log = LoggerFactory.getLogger(PluggedProviders.class);

    private final Plugins plugins;
    private final Path directory;
    private final Clock clock;

    /** @param directory of which each provider gets a directory of its own */
    PluggedProviders(Plugins plugins, Path directory, Clock clock) {
        this.plugins = plugins;
        this.directory = directory;
        this.clock = clock;
    }

    /** Creates them, by name. One that cannot be created is left out: the controller is of more use without it than not at all. */
    Map<String, ResourceProvider> create(String hostId, Closer closer) {
        Map<String, ResourceProvider> providers = new LinkedHashMap<>();
        for (ResourceProviderFactory factory : plugins.resourceProviders()) {
            try {
                Path own = Files.createDirectories(directory.resolve(factory.name()));
                ResourceProvider provider =
                        factory.create(plugins.settings(factory.name()), new ComponentContext(hostId, own, clock));
                providers.put(factory.name(), closer.register(provider));
            } catch (IOException | RuntimeException | LinkageError e) {
                log.atError()
                        .addKeyValue("provider", factory.name())
                        .setCause(e)
                        .log("a resource provider of the folder plugins cannot be used");
            }
        }
        return providers;
    }
}
