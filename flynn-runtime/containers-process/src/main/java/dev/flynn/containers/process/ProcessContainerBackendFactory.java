package dev.flynn.containers.process;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The backend named {@code process}.
 *
 * <p>Settings, all optional: {@code images} (the folder of images; {@code images} in the data directory unless said),
 * {@code address} (where jobs are reachable; {@code 127.0.0.1} unless said).
 */
public final class ProcessContainerBackendFactory implements ContainerBackendFactory {

    @Override
    public String name() {
        return "process";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        Map<String, String> unread = new TreeMap<>(settings);
        String images = unread.remove("images");
        String address = unread.remove("address");
        if (!unread.isEmpty()) {
            throw FlynnException.invalid("process backend: unknown settings " + unread.keySet());
        }
        ProcessContainerBackend.Builder builder = ProcessContainerBackend.builder(
                        context.dataDirectory(),
                        images == null ? context.dataDirectory().resolve("images") : Path.of(images))
                .clock(context.clock())
                .files(files);
        if (address != null) {
            builder.address(address);
        }
        return builder.build();
    }
}
