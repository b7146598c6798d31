package dev.flynn.link;

import dev.flynn.identity.HostCredentials;
import io.netty.channel.EventLoopGroup;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/** What all parts of one link share. */
final class LinkCore {

    private final HostCredentials credentials;
    private final LinkConfig config;
    private final EventLoopGroup loops;
    private final ExecutorService workers;
    private final long instance = new SecureRandom().nextLong();
    private final Map<String, CallHandler> services = new ConcurrentHashMap<>();
    private final Map<String, StreamHandler> streamServices = new ConcurrentHashMap<>();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile Consumer<Connection> onClosed = connection -> {};
    private volatile String advertised = "";

    LinkCore(HostCredentials credentials, LinkConfig config, EventLoopGroup loops, ExecutorService workers) {
        this.credentials = credentials;
        this.config = config;
        this.loops = loops;
        this.workers = workers;
    }

    HostCredentials credentials() {
        return credentials;
    }

    String hostId() {
        return credentials.hostId();
    }

    LinkConfig config() {
        return config;
    }

    EventLoopGroup loops() {
        return loops;
    }

    /** For what may block. */
    ExecutorService workers() {
        return workers;
    }

    long instance() {
        return instance;
    }

    Map<String, CallHandler> services() {
        return services;
    }

    Map<String, StreamHandler> streamServices() {
        return streamServices;
    }

    Set<Connection> connections() {
        return connections;
    }

    String advertised() {
        return advertised;
    }

    void advertise(String address) {
        advertised = address;
    }

    void whenClosed(Consumer<Connection> listener) {
        onClosed = listener;
    }

    void closed(Connection connection) {
        connections.remove(connection);
        onClosed.accept(connection);
    }

    String noService(String service) {
        return "host \"%s\" serves no \"%s\" on its link; is it of another version, or still starting?"
                .formatted(hostId(), service);
    }
}
