package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.host.HostFiles;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A backend that somebody else wrote: a jar in the folder {@code plugins} of the installation. */
final class PluggedBackend {

    private PluggedBackend() {}

    static AppBackend open(HostContext host, String name, Plugins plugins, Closer closer) throws IOException {
        HostFiles files = FilesOfHost.open(host);
        Map<String, String> settings = new HashMap<>(Map.of(
                ContainerBackendFactory.IMAGES, host.images().toString(),
                ContainerBackendFactory.ADDRESS, host.publicIp()));
        settings.putAll(plugins.settings(name));
        ContainerBackend backend = closer.register(create(plugins.named(name), settings, host, files));
        files.retain(HostContext.living(backend));
        return new AppBackend(name, backend, Optional.empty());
    }

    /** What a plugin was compiled against may not be what is here. */
    private static ContainerBackend create(
            ContainerBackendFactory factory, Map<String, String> settings, HostContext host, HostFiles files)
            throws IOException {
        try {
            return factory.create(
                    settings, new ComponentContext(host.hostId(), host.directory(factory.name()), host.clock()), files);
        } catch (LinkageError e) {
            throw FlynnException.unavailable(
                    "the backend %s was made for another version of this program: %s".formatted(factory.name(), e), e);
        }
    }
}
