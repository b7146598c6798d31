package dev.flynn.network;

import java.util.List;

/**
 * Where a host's network is: what this process sees, or a named network namespace, so that several hosts fit on one machine.
 *
 * @param prefix what is put before a command so that it runs there
 */
public record NetworkNamespace(List<String> prefix) {

    public NetworkNamespace {
        prefix = List.copyOf(prefix);
    }

    /** The network that this process has. */
    public static NetworkNamespace current() {
        return new NetworkNamespace(List.of());
    }

    /** One that {@code ip netns add} made. */
    public static NetworkNamespace named(String name) {
        return new NetworkNamespace(List.of("nsenter", "--net=/run/netns/" + name, "--"));
    }
}
