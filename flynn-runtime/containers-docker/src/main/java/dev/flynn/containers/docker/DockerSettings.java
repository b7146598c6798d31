package dev.flynn.containers.docker;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.Partitions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How the backend is set up.
 *
 * @param host where the engine listens: {@code unix://} and the path of its socket
 * @param network the engine's network that jobs are in, which is made if it does not exist; {@code host} gives all jobs the
 *     network of the host
 * @param subnet of that network when it is made, such as {@code 10.1.2.0/24}; the engine chooses unless said
 * @param bridge name of the interface of that network when it is made. One that is there already is taken as it is; who made it
 *     cares for the ways from it, so that the engine hides no addresses
 * @param mtu of that network when it is made
 * @param dns what jobs ask for names; what the engine uses unless said
 * @param stack the image beneath jobs of type {@code host}; the host's own programs unless said
 * @param images the folder of {@code host} images
 * @param address where jobs that have the host's network are reachable
 * @param init whether a small init, which the engine brings, collects the processes that a job leaves behind
 * @param user the number of the user of jobs of type {@code host}
 * @param maxProcesses of a job that has no such limit
 */
public record DockerSettings(
        String host,
        Optional<String> network,
        Optional<String> subnet,
        Optional<String> bridge,
        Optional<Integer> mtu,
        List<String> dns,
        Optional<String> stack,
        Path images,
        String address,
        boolean init,
        int user,
        long maxProcesses,
        Partitions partitions) {

    private static final int DEFAULT_USER = 100_000;
    private static final int DEFAULT_MAX_PROCESSES = 4096;

    static final String HOST_NETWORK = "host";
    private static final String DEFAULT_HOST = "unix:///var/run/docker.sock";

    /** What holds where nothing is said. */
    public static DockerSettings defaults(Path dataDirectory) {
        return of(Map.of(), dataDirectory);
    }

    static DockerSettings of(Map<String, String> given, Path dataDirectory) {
        Map<String, String> unread = new TreeMap<>(given);
        var settings = new DockerSettings(
                Optional.ofNullable(unread.remove("host")).orElse(DEFAULT_HOST),
                Optional.ofNullable(unread.remove("network")),
                Optional.ofNullable(unread.remove("subnet")),
                Optional.ofNullable(unread.remove("bridge")),
                Optional.ofNullable(unread.remove("mtu")).map(DockerSettings::mtu),
                Optional.ofNullable(unread.remove("dns"))
                        .map(list -> Arrays.asList(list.split("[ ,]+")))
                        .orElse(List.of()),
                Optional.ofNullable(unread.remove("stack")),
                Optional.ofNullable(unread.remove("images")).map(Path::of).orElse(dataDirectory.resolve("images")),
                Optional.ofNullable(unread.remove("address")).orElse("127.0.0.1"),
                Optional.ofNullable(unread.remove("init"))
                        .map(DockerSettings::init)
                        .orElse(true),
                number("user", unread.remove("user"), DEFAULT_USER),
                number("max-processes", unread.remove("max-processes"), DEFAULT_MAX_PROCESSES),
                Optional.ofNullable(unread.remove("partitions"))
                        .map(Partitions::parse)
                        .orElse(Partitions.DEFAULTS));
        if (!unread.isEmpty()) {
            throw FlynnException.invalid("docker backend: unknown settings " + unread.keySet());
        }
        return settings;
    }

    private static int mtu(String text) {
        try {
            int mtu = Integer.parseInt(text);
            if (mtu >= 576 && mtu <= 65_535) {
                return mtu;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw FlynnException.invalidField("mtu", "must be 576 to 65535, was \"" + text + "\"");
    }

    private static int number(String name, @Nullable String text, int unlessSaid) {
        if (text == null) {
            return unlessSaid;
        }
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw FlynnException.invalidField(name, "must be a number above 0, was \"" + text + "\"");
    }

    private static boolean init(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw FlynnException.invalidField("init", "must be true or false, was \"" + text + "\"");
        }
        return text.equals("true");
    }

    boolean ownAddresses() {
        return !network.equals(Optional.of(HOST_NETWORK));
    }
}
