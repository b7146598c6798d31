package com.example.flynn.shell;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import java.util.Map;

/** Creates a {@link ShellContainerBackend}, which has no settings. */
public final class ShellContainerBackendFactory implements ContainerBackendFactory {

    @Override
    public String name() {
        return "shell";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        settings.keySet().stream().findFirst().ifPresent(key -> {
            throw FlynnException.invalidField(key, "is no setting of the shell backend, which has none");
        });
        return new ShellContainerBackend(context.dataDirectory(), context.clock());
    }
}
