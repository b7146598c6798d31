package dev.flynn.discoverd.client;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apiguardian.api.API;

/**
 * Registers and finds services over discoverd's HTTP API. Thread-safe.
 *
 * <pre>{@code
 * try (var discoverd = DiscoverdClient.ofEnvironment();
 *         Registration web = discoverd.register("web", ":8080", "http", Map.of())) {
 *     List<Instance> databases = discoverd.instances("db", Duration.ofSeconds(10));
 *     …
 * }
 * }</pre>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class DiscoverdClient implements AutoCloseable {

    /** Variables of a job that its instances carry as metadata. */
    private static final List<String> JOB_VARIABLES =
            List.of("FLYNN_APP_ID", "FLYNN_APP_NAME", "FLYNN_RELEASE_ID", "FLYNN_PROCESS_TYPE", "FLYNN_JOB_ID");

    private static final Duration WATCH_PATIENCE = Duration.ofSeconds(30);

    private final FlynnJson json = new FlynnJson();
    private final Wire wire = new Wire(json);
    private final Servers servers;
    private final Map<String, String> env;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "discoverd-heartbeats");
        thread.setDaemon(true);
        return thread;
    });
    private final Set<Heartbeater> registrations = ConcurrentHashMap.newKeySet();
    private final Set<ServiceWatch> watches = ConcurrentHashMap.newKeySet();

    private DiscoverdClient(List<String> urls, Map<String, String> env) {
        this.servers = new Servers(urls, json);
        this.env = Map.copyOf(env);
    }

    /** A client of the servers in {@code DISCOVERD}, or of {@code http://127.0.0.1:1111}. */
    public static DiscoverdClient ofEnvironment() {
        return of(System.getenv());
    }

    /**
     * As {@link #ofEnvironment}, with these variables: {@code DISCOVERD}, {@code EXTERNAL_IP}, and those of a job that its
     * instances carry as metadata.
     */
    public static DiscoverdClient of(Map<String, String> env) {
        return new DiscoverdClient(Servers.parse(env.get("DISCOVERD")), env);
    }

    /** Whether a server answers. */
    public boolean ping() {
        try {
            servers.send("GET", "/ping", null);
            return true;
        } catch (FlynnException silent) {
            return false;
        }
    }

    // ---- services

    /** @throws FlynnException {@code OBJECT_EXISTS} or {@code VALIDATION} */
    public void createService(String service, LeaderType leaderType) {
        servers.send(
                "PUT",
                path(service),
                wire.write(Map.of("leader_type", leaderType.name().toLowerCase(Locale.ROOT))));
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public void removeService(String service) {
        servers.send("DELETE", path(service), null);
    }

    /** The instances by index; empty if there are none, or no such service. */
    public List<Instance> instances(String service) {
        return found(() -> wire.instances(
                        servers.send("GET", path(service) + "/instances", null).body()))
                .orElse(List.of());
    }

    /**
     * The instances, or the first one that comes up within this time.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if none does
     */
    public List<Instance> instances(String service, Duration timeout) {
        List<Instance> now = instances(service);
        if (!now.isEmpty()) {
            return now;
        }
        BlockingQueue<Instance> up = new LinkedBlockingQueue<>();
        try (Watch watch = watch(service, event -> {
            if (event instanceof DiscoveryEvent.Up first) {
                up.add(first.instance());
            }
        })) {
            Instance first = up.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (first == null) {
                throw FlynnException.unavailable("discoverd: timed out waiting for instances", null);
            }
            return List.of(first);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while waiting for instances of " + service, e);
        }
    }

    /** The instance that leads. */
    public Optional<Instance> leader(String service) {
        return found(() -> wire.instance(
                servers.send("GET", path(service) + "/leader", null).body()));
    }

    /** @throws FlynnException {@code VALIDATION} unless the service's leader is set by hand */
    public void setLeader(String service, String instanceId) {
        servers.send("PUT", path(service) + "/leader", wire.write(Map.of("id", instanceId)));
    }

    public Optional<ServiceMeta> meta(String service) {
        return found(() ->
                wire.meta(servers.send("GET", path(service) + "/meta", null).body()));
    }

    /**
     * Writes metadata if {@code meta.index()} is the current index, 0 if there is none.
     *
     * @return the metadata with its new index
     * @throws FlynnException {@code OBJECT_EXISTS} or {@code PRECONDITION_FAILED}
     */
    public ServiceMeta setMeta(String service, ServiceMeta meta) {
        return wire.meta(
                servers.send("PUT", path(service) + "/meta", wire.write(meta)).body());
    }

    // ---- registrations

    /**
     * Registers an address, and keeps it registered until the registration or this client is closed. The service is created if it
     * does not exist. When no server answers now, that is tried again in the background.
     *
     * @param address {@code host:port}; {@code :port} has {@code EXTERNAL_IP} in front
     * @param meta beside the variables of the job that this runs in
     * @throws FlynnException {@code VALIDATION} for a registration that can never work
     */
    public Registration register(String service, String address, String proto, Map<String, String> meta) {
        String full = address.startsWith(":") ? env.getOrDefault("EXTERNAL_IP", "127.0.0.1") + address : address;
        Map<String, String> all = new LinkedHashMap<>();
        for (String variable : JOB_VARIABLES) {
            String value = env.getOrDefault(variable, "");
            if (!value.isEmpty()) {
                all.put(variable, value);
            }
        }
        all.putAll(meta);
        var heartbeater =
                new Heartbeater(this, timer, service, Instance.of(proto.isEmpty() ? "tcp" : proto, full, all));
        heartbeater.begin();
        registrations.add(heartbeater);
        return heartbeater;
    }

    /** One heartbeat; creates the service if it is not there. */
    void put(String service, Instance instance) {
        String path = path(service) + "/instances/" + instance.id();
        try {
            servers.send("PUT", path, wire.write(instance));
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.OBJECT_NOT_FOUND) {
                throw e;
            }
            try {
                createService(service, LeaderType.OLDEST);
            } catch (FlynnException exists) {
                if (exists.code() != ErrorCode.OBJECT_EXISTS) {
                    throw exists;
                }
            }
            servers.send("PUT", path, wire.write(instance));
        }
    }

    void closed(Heartbeater heartbeater) {
        registrations.remove(heartbeater);
    }

    void deregister(String service, String instanceId) {
        servers.send("DELETE", path(service) + "/instances/" + instanceId, null);
    }

    // ---- watches

    /** A service that is followed until this is closed. */
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /** As {@link #watch(String, Consumer, Consumer)}, for a watcher that does not care about the end. */
    public Watch watch(String service, Consumer<DiscoveryEvent> watcher) {
        return watch(service, watcher, reason -> {});
    }

    /**
     * Follows a service, which need not exist. The watcher is told what is there, then {@code Current}, then every change, one
     * call at a time. When the connection breaks it is made again; then the watcher is told what differs, and {@code Current}
     * once more.
     *
     * @param end told if no server answers for half a minute; then the watch is over
     */
    public Watch watch(String service, Consumer<DiscoveryEvent> watcher, Consumer<FlynnException> end) {
        var watch = new ServiceWatch(servers, wire, service, WATCH_PATIENCE, watcher, end);
        watches.add(watch);
        watch.start();
        return () -> {
            watches.remove(watch);
            watch.close();
        };
    }

    /** Deregisters what was registered, and ends the watches. */
    @Override
    public void close() {
        watches.forEach(ServiceWatch::close);
        registrations.forEach(Heartbeater::close);
        timer.shutdownNow();
    }

    private static String path(String service) {
        if (service.isEmpty() || service.contains("/") || service.contains("?") || service.contains("#")) {
            throw FlynnException.invalid("discoverd: service must be lowercase alphanumeric plus dash");
        }
        return "/services/" + service.replace("%", "%25").replace(" ", "%20");
    }

    private static <T> Optional<T> found(Supplier<T> look) {
        try {
            return Optional.of(look.get());
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
