package dev.flynn.network;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A host of its own for a test: a network namespace, which takes with it all that a test made there. */
final class Machine implements AutoCloseable {

    private static final Commands HERE = new Commands(NetworkNamespace.current());

    private final String name;
    private final Commands commands;

    private Machine(String name) {
        this.name = name;
        this.commands = new Commands(NetworkNamespace.named(name));
    }

    /** Skips the test where networks cannot be made, and says what is missing. */
    static Machine create() throws IOException {
        assumeTools();
        String name = "flynn-test-" + UUID.randomUUID().toString().substring(0, 8);
        HERE.ip(List.of("netns add " + name));
        var machine = new Machine(name);
        machine.sh("ip link set lo up");
        return machine;
    }

    static void assumeTools() {
        try {
            HERE.requireTools();
        } catch (FlynnException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    String name() {
        return name;
    }

    NetworkNamespace namespace() {
        return NetworkNamespace.named(name);
    }

    Commands commands() {
        return commands;
    }

    String sh(String script) {
        return sh(commands, script);
    }

    /** Runs a script as a job: in its network. */
    String sh(JobInterface job, String script) {
        return sh(new Commands(in(job.namespace())), script);
    }

    /**
     * Lets a client in the network of one job, or of this machine, connect to a server in that of another; returns the
     * client's address as the server sees it.
     */
    String addressSeenBy(String serverAddress, @Nullable JobInterface server, @Nullable JobInterface client) {
        return Tcp.addressSeen(
                serverAddress,
                server == null ? namespace() : in(server.namespace()),
                client == null ? namespace() : in(client.namespace()));
    }

    static NetworkNamespace in(Path file) {
        return new NetworkNamespace(List.of("nsenter", "--net=" + file, "--"));
    }

    /** Everything about links, addresses, routes and rules, to be compared. */
    String state() {
        return sh("ip -br link; ip -br -4 address; ip route; iptables -S; iptables -t nat -S");
    }

    @Override
    public void close() {
        try {
            HERE.ip(List.of("netns del " + name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sh(Commands commands, String script) {
        try {
            return commands.sh(script);
        } catch (IOException e) {
            throw new UncheckedIOException(script + " failed: " + e.getMessage(), e);
        }
    }
}
