package dev.flynn.containers.docker;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import java.util.Map;

/** The backend named {@code docker}; its settings are those of {@link DockerSettings}, all optional. */
public final class DockerContainerBackendFactory implements ContainerBackendFactory {

    private final ArchiveFetcher archives;

    /** Archives of images are fetched by plain requests. */
    public DockerContainerBackendFactory() {
        this(ArchiveFetcher.HTTP);
    }

    public DockerContainerBackendFactory(ArchiveFetcher archives) {
        this.archives = archives;
    }

    @Override
    public String name() {
        return "docker";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        return DockerContainerBackend.builder(context.dataDirectory())
                .settings(DockerSettings.of(settings, context.dataDirectory()))
                .hostId(context.hostId())
                .clock(context.clock())
                .files(files)
                .archives(archives)
                .build();
    }

    /**
     * Whether the engine that these settings name joins containers to a bridge that is there already. Podman does not: it
     * wants to make the bridges of its networks.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if there is no engine
     */
    public boolean joinsBridges(Map<String, String> settings, ComponentContext context) {
        try (Engine engine =
                Engine.open(DockerSettings.of(settings, context.dataDirectory()).host())) {
            return !engine.isPodman();
        }
    }
}
