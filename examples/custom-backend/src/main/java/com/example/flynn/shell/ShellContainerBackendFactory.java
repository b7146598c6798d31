package com.example.flynn.shell;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import java.util.Map;
import java.util.Set;

/**
 * Creates a {@link ShellContainerBackend}. It has no settings but those that every backend takes: {@code address} (where jobs are
 * reachable; {@code 127.0.0.1} unless said), and {@code images}, which it does not look at.
 */
public final class ShellContainerBackendFactory implements ContainerBackendFactory {

    @Override
    public String name() {
        return "shell";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        Set<String> known = Set.of(ADDRESS, IMAGES);
        settings.keySet().stream().filter(key -> !known.contains(key)).findFirst().ifPresent(key -> {
            throw FlynnException.invalidField(key, "is no setting of the shell backend; there are address, images");
        });
        String address = settings.getOrDefault(ADDRESS, "127.0.0.1");
        return new ShellContainerBackend(context.dataDirectory(), address, context.clock());
    }
}
