package com.example.flynn.bubblewrap;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The backend named {@code bubblewrap}.
 *
 * <p>Settings, both optional: {@code images} (the folder of images of type {@code host}; {@code images} in the data directory
 * unless said), {@code address} (where jobs are reachable; {@code 127.0.0.1} unless said).
 */
public final class BubblewrapBackendFactory implements ContainerBackendFactory {

    @Override
    public String name() {
        return "bubblewrap";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        Map<String, String> unread = new TreeMap<>(settings);
        Path data = context.dataDirectory();
        Path images =
                Optional.ofNullable(unread.remove(IMAGES)).map(Path::of).orElseGet(() -> data.resolve("images"));
        String address = Optional.ofNullable(unread.remove(ADDRESS)).orElse("127.0.0.1");
        unread.keySet().stream().findFirst().ifPresent(key -> {
            throw FlynnException.invalidField(key, "is no setting of the bubblewrap backend; there are address, images");
        });
        return new BubblewrapBackend(data, images, address, context.clock(), files);
    }
}
