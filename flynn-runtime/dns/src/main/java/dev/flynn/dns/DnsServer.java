package dev.flynn.dns;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;

/**
 * DNS of the cluster, over UDP and TCP: names below {@code discoverd.} are answered from discovery, all others by the
 * recursors.
 *
 * <pre>{@code
 * try (var dns = DnsServer.builder(discovery, new InetSocketAddress("10.0.0.1", 53))
 *         .recursors(Recursors.ofResolvConf(Path.of("/etc/resolv.conf")))
 *         .start()) {
 *     …
 * }
 * }</pre>
 */
public final class DnsServer implements AutoCloseable {

    /** How many ports are tried before there is none that is free for UDP and TCP. */
    private static final int MOST_PORTS = 20;

    private static final Duration CLIENT_PATIENCE = Duration.ofSeconds(10);

    private final Closer closer = new Closer();
    private final InetSocketAddress address;

    private DnsServer(Builder builder) {
        try {
            var loops = new LoopProbe();
            var directory = closer.register(new ServiceDirectory(builder.discovery));
            Recursors recursors = builder.recursors.without(builder.address);
            Forwarder forwarder =
                    closer.register(new Forwarder(recursors.addresses(), loops, builder.recursorPatience));
            boolean recursion = !recursors.addresses().isEmpty();
            var answers = new Answers(new Zone(directory, builder.clock), loops, recursion);
            Listeners listeners = listen(builder, answers, forwarder);
            UdpListener udp = closer.register(listeners.udp());
            TcpListener tcp = closer.register(listeners.tcp());
            this.address = udp.address();
            directory.start();
            udp.start();
            tcp.start();
            forwarder.start();
        } catch (IOException e) {
            throw closedAfter(new FlynnException(
                    ErrorCode.CONFLICT,
                    "DNS cannot listen on %s: %s; free it, or choose another port"
                            .formatted(builder.address, e.getMessage()),
                    e));
        } catch (RuntimeException e) {
            throw closedAfter(e);
        }
    }

    private record Listeners(UdpListener udp, TcpListener tcp) {}

    /** Both on the same port; where any will do, one that is free for both is looked for. */
    private static Listeners listen(Builder builder, Answers answers, Forwarder forwarder) throws IOException {
        for (int attempt = 1; ; attempt++) {
            UdpListener udp = UdpListener.open(builder.address, builder.threads, builder.shared, answers, forwarder);
            try {
                return new Listeners(
                        udp, new TcpListener(udp.address(), builder.shared, answers, forwarder, CLIENT_PATIENCE));
            } catch (IOException e) {
                udp.close();
                if (builder.address.getPort() != 0 || attempt == MOST_PORTS) {
                    throw e;
                }
            }
        }
    }

    private RuntimeException closedAfter(RuntimeException failure) {
        closer.closeAfter(failure);
        return failure;
    }

    /**
     * A server on an address of this host.
     *
     * @param discovery stays open when the server is closed
     * @param address whose port may be 0 for any free one
     */
    public static Builder builder(Discovery discovery, InetSocketAddress address) {
        return new Builder(discovery, address);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        closer.close();
    }

    /** What a server needs to know before it starts. */
    public static final class Builder {

        private final Discovery discovery;
        private final InetSocketAddress address;
        private Recursors recursors = Recursors.NONE;
        private Duration recursorPatience = Duration.ofSeconds(2);
        private int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
        private boolean shared;
        private Clock clock = Clock.systemUTC();

        private Builder(Discovery discovery, InetSocketAddress address) {
            this.discovery = requireNonNull(discovery, "discovery");
            this.address = requireNonNull(address, "address");
        }

        /** Who answers for names outside the cluster; nobody by default. This server itself is left out. */
        public Builder recursors(Recursors value) {
            recursors = requireNonNull(value, "recursors");
            return this;
        }

        /** How long one recursor may take before the next is asked; two seconds by default. */
        public Builder recursorPatience(Duration value) {
            recursorPatience = requireNonNull(value, "recursorPatience");
            return this;
        }

        /** How many threads answer over UDP; by default one for every second processor, four at most. */
        public Builder threads(int value) {
            if (value < 1 || value > 64) {
                throw FlynnException.invalid("DNS has 1 to 64 threads, not " + value);
            }
            threads = value;
            return this;
        }

        /** Lets another process listen on the same address too, for the time in which one takes over from the other. */
        public Builder shared() {
            shared = true;
            return this;
        }

        /** Where serial numbers of the zone come from. */
        Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /** @throws FlynnException {@code CONFLICT} if it cannot listen there */
        public DnsServer start() {
            return new DnsServer(this);
        }
    }
}
