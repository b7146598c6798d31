package dev.flynn.containers.oci;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.Partitions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The backend named {@code oci}.
 *
 * <p>Settings, all optional: {@code images} (the folder of images of type {@code host}; {@code images} in the data directory
 * unless said), {@code address} (where jobs on the host's network are reachable; {@code 127.0.0.1} unless said), {@code
 * nameserver} (the jobs' resolver; the host's own unless said), {@code runtime} (the OCI runtime's program; {@code runc}
 * unless said), {@code user} (number of the user of all jobs of such images; each has its own unless said), {@code
 * max-processes} (of a job that says nothing; 4096 unless said), {@code partitions} (as {@link Partitions#parse} reads them).
 */
public final class OciContainerBackendFactory implements ContainerBackendFactory {

    @Override
    public String name() {
        return "oci";
    }

    @Override
    public ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files) {
        Map<String, String> unread = new TreeMap<>(settings);
        Optional<String> images = Optional.ofNullable(unread.remove("images"));
        Optional<String> address = Optional.ofNullable(unread.remove("address"));
        Optional<String> nameserver = Optional.ofNullable(unread.remove("nameserver"));
        Optional<String> runtime = Optional.ofNullable(unread.remove("runtime"));
        Optional<Long> user = number("user", unread.remove("user"));
        Optional<Partitions> partitions =
                Optional.ofNullable(unread.remove("partitions")).map(Partitions::parse);
        Optional<Long> processes = number("max-processes", unread.remove("max-processes"));
        if (!unread.isEmpty()) {
            throw FlynnException.invalid("oci backend: unknown settings " + unread.keySet());
        }
        Path data = context.dataDirectory();
        OciContainerBackend.Builder builder = OciContainerBackend.builder(
                        data.resolve("oci"), images.map(Path::of).orElse(data.resolve("images")))
                .clock(context.clock())
                .files(files);
        address.ifPresent(builder::address);
        nameserver.ifPresent(builder::nameserver);
        runtime.map(Path::of).ifPresent(builder::runtime);
        user.ifPresent(number -> builder.user(number, JobFiles.GROUP));
        processes.ifPresent(builder::defaultProcesses);
        partitions.ifPresent(builder::partitions);
        return builder.build();
    }

    private static Optional<Long> number(String setting, @org.jspecify.annotations.Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.valueOf(value));
        } catch (NumberFormatException e) {
            throw FlynnException.invalid("oci backend: %s must be a number, was \"%s\"".formatted(setting, value));
        }
    }
}
