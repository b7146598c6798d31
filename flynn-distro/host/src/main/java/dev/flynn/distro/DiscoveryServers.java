package dev.flynn.distro;

import dev.flynn.api.discovery.Instance;
import dev.flynn.base.Closer;
import dev.flynn.base.NamedThreads;
import dev.flynn.discoverd.ClusterPeers;
import dev.flynn.discoverd.Discoverd;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.dns.DnsServer;
import dev.flynn.dns.Recursors;
import dev.flynn.spi.discovery.Discovery;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Discovery as jobs and tools of this host reach it: discoverd's HTTP API and DNS. Nothing of the platform needs them, so they
 * begin on a thread of their own when everything else runs, and what goes wrong with them stops nothing.
 */
final class DiscoveryServers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DiscoveryServers.class);

    static final int DNS_PORT = 53;

    /** No such server. */
    private static final int OFF = -1;

    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    private final Discovery discovery;
    private final Function<String, ClusterPeers> peers;
    private final String ip;
    private final int discoverdPort;
    private final int dnsPort;
    private final Optional<String> gateway;

    /** By number. */
    private final Map<Integer, HeldPort> held = new HashMap<>();

    // guarded by this
    private final Closer closer = new Closer();
    private boolean closed;

    /**
     * Chooses the ports; {@link #start} begins to serve.
     *
     * @param gateway the address of this host in the network of its jobs, if they have one: they reach discovery there, and
     *     DNS at its usual port, because a resolver asks no other
     * @param peers whom discoverd names as the cluster's peers, by its own address
     */
    DiscoveryServers(
            Discovery discovery,
            String ip,
            ServerPort discoverd,
            ServerPort dns,
            Optional<String> gateway,
            Function<String, ClusterPeers> peers) {
        this.discovery = discovery;
        this.peers = peers;
        this.ip = ip;
        this.gateway = gateway;
        this.discoverdPort = choose(discoverd);
        this.dnsPort = choose(dns);
    }

    /** The port that the operator wants, whether or not it is free; else the usual one, or any if that is taken, held until it is used. */
    private int choose(ServerPort wanted) {
        if (wanted.isOff()) {
            return OFF;
        }
        if (wanted.isWanted() && wanted.port() != 0) {
            return wanted.port();
        }
        HeldPort chosen = closer.register(HeldPort.usually(ip, wanted.port()));
        held.put(chosen.port(), chosen);
        return chosen.port();
    }

    private void release(int port) {
        HeldPort own = held.get(port);
        if (own != null) {
            own.close();
        }
    }

    /** What jobs are told of it. */
    Map<String, String> jobEnvironment() {
        return discoverdPort == OFF
                ? Map.of()
                : Map.of("DISCOVERD", "http://" + gateway.orElse(ip) + ":" + discoverdPort);
    }

    /** Where commands of this host reach its HTTP API; empty if there is none. */
    Optional<String> url() {
        return discoverdPort == OFF ? Optional.empty() : Optional.of("http://" + ip + ":" + discoverdPort);
    }

    /** Returns at once. */
    void start() {
        new NamedThreads("discovery-servers").newThread(this::serve).start();
    }

    private synchronized void serve() {
        if (closed) {
            return;
        }
        try {
            if (discoverdPort != OFF) {
                release(discoverdPort);
                serveHttp(ip);
                gateway.filter(other -> !other.equals(ip)).ifPresent(this::serveHttp);
                Heartbeats heartbeats = closer.register(new Heartbeats(discovery));
                var unused = heartbeats.keep("discoverd", Instance.of("tcp", ip + ":" + discoverdPort, Map.of()));
            }
            if (dnsPort != OFF) {
                release(dnsPort);
                serveDns(ip, dnsPort);
            }
            gateway.ifPresent(other -> serveDns(other, DNS_PORT));
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("discovery cannot be reached from outside this process");
        }
    }

    private void serveDns(String where, int port) {
        closer.register(DnsServer.builder(discovery, new InetSocketAddress(where, port))
                .recursors(Recursors.ofResolvConf(RESOLV_CONF))
                .start());
        log.atInfo().addKeyValue("address", where + ":" + port).log("DNS serves");
    }

    private void serveHttp(String where) {
        String address = where + ":" + discoverdPort;
        closer.register(Discoverd.builder(discovery, new InetSocketAddress(where, discoverdPort))
                .peers(peers.apply(address))
                .start());
        log.atInfo().addKeyValue("address", address).log("discoverd serves");
    }

    @Override
    public synchronized void close() {
        closed = true;
        closer.close();
    }
}
