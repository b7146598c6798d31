package dev.flynn.embedded;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.event.Event;
import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.Controller;
import dev.flynn.controller.DeploymentCatalog;
import dev.flynn.controller.DeploymentWorker;
import dev.flynn.controller.FormationCatalog;
import dev.flynn.controller.JobCatalog;
import dev.flynn.controller.ProviderCatalog;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.host.HostAgent;
import dev.flynn.json.FlynnJson;
import dev.flynn.scheduler.RestartPolicy;
import dev.flynn.scheduler.SchedulerLoop;
import dev.flynn.scheduler.SpreadScheduler;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.state.ClusterState;
import dev.flynn.state.route.RouteCatalog;
import dev.flynn.store.MemoryClusterStore;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import org.apiguardian.api.API;

/**
 * A controller inside this program, with what it needs: a store, discovery, a scheduler, a worker for deployments, and if
 * there is a backend or a program to run, a host.
 *
 * <pre>{@code
 * try (Flynn flynn = Flynn.builder().backend(backend).build()) {
 *     App app = flynn.apps().create(NewApp.named("shop"));
 *     …
 *     flynn.events().subscribe(subscriber);
 * }
 * }</pre>
 *
 * <p>Promises: it speaks no HTTP, listens nowhere but where its jobs do, and needs no logging backend, no injection and no
 * static state, so that a program may have several. What was given to the builder stays open; what was made is closed by
 * {@link #close}, which ends the jobs of this host and leaves no thread behind. With a durable store, what was wanted is
 * wanted again by the next one. Instances in several programs with one store work on the same cluster. Thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Flynn implements AutoCloseable {

    private final Closer closer = new Closer();
    private final Controller controller;
    private final Discovery discovery;
    private final EventStreams events;

    private Flynn(Builder builder) {
        try {
            ClusterStore store = builder.store.orElseGet(() -> closer.register(new MemoryClusterStore(builder.clock)));
            var state = new ClusterState(store, new FlynnJson(), builder.clock);
            this.discovery = builder.discovery.orElseGet(() -> closer.register(
                    StoreDiscovery.builder(store).member(builder.hostId).build()));
            var recent = new RecentLogs();
            AppLogs logs = builder.logs.orElse(recent);
            LogSink sink = builder.logSink.orElse(recent);
            Optional<HostAgent> host = builder.hasHost() ? Optional.of(host(builder, state, sink)) : Optional.empty();
            this.controller = new Controller(
                    state,
                    discovery,
                    id -> host.orElseThrow(() -> NoContainers.noHost(id)).connect(id),
                    logs,
                    builder.disk,
                    builder.domain,
                    builder.providers);
            builder.providers.keySet().forEach(controller.providers()::ensureBuiltin);
            closer.register(new SchedulerLoop(state, builder.scheduler, builder.restarts, builder.clock, discovery));
            closer.register(DeploymentWorker.start(builder.blobStoreKey, state, discovery, logs, builder.providers));
            this.events = closer.register(new EventStreams(state.events()));
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private HostAgent host(Builder builder, ClusterState state, LogSink sink) {
        var programs = closer.register(new BuiltinContainerBackend(builder.programs, builder.listenIp, builder.clock));
        return closer.register(HostAgent.builder(builder.hostId, state, discovery)
                .builtinBackend(programs)
                .appBackend(builder.backend.orElseGet(NoContainers::new))
                .logSink(sink)
                .listenIp(builder.listenIp)
                .advertise(
                        closer.register(new ReservedAddress(builder.listenIp)).text())
                .tags(builder.tags)
                .build());
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Everything below, and what the HTTP API is made from. */
    public Controller controller() {
        return controller;
    }

    public AppCatalog apps() {
        return controller.apps();
    }

    /** Releases and artifacts. */
    public ReleaseCatalog releases() {
        return controller.releases();
    }

    /** How many jobs of each type are wanted. */
    public FormationCatalog formations() {
        return controller.formations();
    }

    public DeploymentCatalog deployments() {
        return controller.deployments();
    }

    public RouteCatalog routes() {
        return controller.routes();
    }

    public ProviderCatalog providers() {
        return controller.providers();
    }

    public JobCatalog jobs() {
        return controller.jobs();
    }

    /** The lines that jobs wrote: the newest ones, unless the builder was given logs of the caller's. */
    public AppLogs logs() {
        return controller.logs();
    }

    /** Where jobs that listen are found. */
    public Discovery discovery() {
        return discovery;
    }

    /**
     * All events from now on, each once and in order of id; each subscriber has a place of its own in
     * them, and gets no more than it asks for. To go on where another one stopped, use {@link #eventsAfter}.
     */
    public Flow.Publisher<Event> events() {
        return events.fromNow();
    }

    /** All events with a greater id that are still kept, then new ones. */
    public Flow.Publisher<Event> eventsAfter(long id) {
        return events.after(id);
    }

    /** Ends the host's jobs, the reconcilers and what was opened here, last first. A second call does nothing. */
    @Override
    public void close() {
        closer.close();
    }

    /** What is to be different from the defaults: everything in memory, no host. */
    public static final class Builder {

        private Optional<ClusterStore> store = Optional.empty();
        private Optional<Discovery> discovery = Optional.empty();
        private Optional<ContainerBackend> backend = Optional.empty();
        private final List<BuiltinProgram> programs = new ArrayList<>();
        private Scheduler scheduler = new SpreadScheduler();
        private RestartPolicy restarts = RestartPolicy.DEFAULT;
        private Optional<AppLogs> logs = Optional.empty();
        private Optional<LogSink> logSink = Optional.empty();
        private Clock clock = Clock.systemUTC();
        private DiskReserve disk = DiskReserve.none();
        private Optional<String> domain = Optional.empty();
        private String hostId = "embedded";
        private String listenIp = "127.0.0.1";
        private Map<String, String> tags = Map.of();
        private String blobStoreKey = "";
        private final Map<String, ResourceProvider> providers = new LinkedHashMap<>();

        private Builder() {}

        /** Where everything durable is; in memory unless said. */
        public Builder store(ClusterStore value) {
            store = Optional.of(value);
            return this;
        }

        /** Where jobs are found; in the store unless said. */
        public Builder discovery(Discovery value) {
            discovery = Optional.of(value);
            return this;
        }

        /** Runs jobs in this program's host; without one only {@linkplain #program programs} run here. */
        public Builder backend(ContainerBackend value) {
            backend = Optional.of(value);
            return this;
        }

        /** Java code that runs as jobs of apps, as an artifact {@code builtin:<name>} names it; may be called again. */
        public Builder program(BuiltinProgram value) {
            programs.add(requireNonNull(value, "program"));
            return this;
        }

        /** Decides where jobs run; evenly over the hosts unless said. */
        public Builder scheduler(Scheduler value) {
            scheduler = requireNonNull(value, "scheduler");
            return this;
        }

        /** How long a job that ended waits until it is started again. */
        public Builder restarts(RestartPolicy value) {
            restarts = requireNonNull(value, "restarts");
            return this;
        }

        /** Takes the lines of jobs, and gives them back; in memory, bounded, unless said. */
        public Builder logs(LogSink sink, AppLogs reader) {
            logSink = Optional.of(sink);
            logs = Optional.of(reader);
            return this;
        }

        /** What records and events are dated by. */
        public Builder clock(Clock value) {
            clock = requireNonNull(value, "clock");
            return this;
        }

        /** Refuses new work while the file system of this directory has less than this left; never, unless said. */
        public Builder diskReserve(Path directory, long bytes) {
            disk = new DiskReserve(directory, bytes);
            return this;
        }

        /** Apps get a route {@code <app>.<domain>} when they are created; none unless said. */
        public Builder domain(String value) {
            domain = Optional.of(value);
            return this;
        }

        /**
         * The id of this program's host, which must be unique in its cluster and without a dash; {@code embedded} unless
         * said.
         */
        public Builder hostId(String value) {
            if (value.isEmpty() || value.contains("-")) {
                throw new IllegalArgumentException(
                        "a host's id has no dash, because ids of jobs begin with it, was \"%s\"".formatted(value));
            }
            hostId = value;
            return this;
        }

        /** Where jobs without an address of their own listen; {@code 127.0.0.1} unless said. */
        public Builder listenIp(String value) {
            listenIp = requireNonNull(value, "listenIp");
            return this;
        }

        /** What the scheduler can choose this program's host by. */
        public Builder tags(Map<String, String> value) {
            tags = Map.copyOf(value);
            return this;
        }

        /** Opens the blobstore of the cluster, if there is one, to delete what deleted apps kept there. */
        public Builder blobStoreKey(String value) {
            blobStoreKey = requireNonNull(value, "blobStoreKey");
            return this;
        }

        /**
         * Provisions resources of apps in this program, as the provider of this name; may be called again. Whoever gives it
         * closes it, after this.
         */
        public Builder provider(String name, ResourceProvider value) {
            requireNonNull(value, "provider");
            if (providers.putIfAbsent(name, value) != null) {
                throw new IllegalArgumentException("there are two providers named \"%s\"".formatted(name));
            }
            return this;
        }

        private boolean hasHost() {
            return backend.isPresent() || !programs.isEmpty();
        }

        /** Starts it; it works when this returns. */
        public Flynn build() {
            return new Flynn(this);
        }
    }
}
