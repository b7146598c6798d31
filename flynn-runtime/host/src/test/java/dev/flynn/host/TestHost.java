package dev.flynn.host;

import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Port;
import dev.flynn.base.Closer;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.containers.process.ProcessContainerBackend;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** A host with real processes on a store in memory. Killing its agent leaves the store and discovery as they are. */
final class TestHost implements AutoCloseable {

    static final String ID = "host1";

    final ClusterStore store;
    final ClusterState state;
    final Discovery discovery;
    final AppId app = AppId.random();
    final ReleaseId release = ReleaseId.random();
    final List<String> lines = new CopyOnWriteArrayList<>();
    final List<BuiltinJob> builtinJobs = new CopyOnWriteArrayList<>();

    private final Path directory;
    private Closer backends = new Closer();
    private Fetching fetching = () -> {};
    private Map<String, String> tags = Map.of();

    /** Why no job of an app may begin. */
    volatile Optional<String> refusal = Optional.empty();

    HostAgent agent;

    TestHost(Path directory) throws IOException {
        this(directory, UnaryOperator.identity());
    }

    /** @param wrap what the agent has between itself and the store */
    TestHost(Path directory, UnaryOperator<ClusterStore> wrap) throws IOException {
        this(directory, new MemoryClusterStore(), wrap);
    }

    private TestHost(Path directory, ClusterStore memory, UnaryOperator<ClusterStore> wrap) throws IOException {
        this(directory, wrap.apply(memory), StoreDiscovery.builder(memory).build());
    }

    /** Both are closed with the host. */
    TestHost(Path directory, ClusterStore store, Discovery discovery) throws IOException {
        this.directory = directory;
        this.store = store;
        this.state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
        this.discovery = discovery;
        Path init = directory.resolve("images/shell/init");
        Files.createDirectories(init.getParent());
        Files.writeString(init, "#!/bin/sh\nexec \"$@\"\n");
        init.toFile().setExecutable(true);
    }

    /** What is done for each job before it starts, as the slug is fetched; fails as that does. */
    @FunctionalInterface
    interface Fetching {
        void fetch() throws IOException;
    }

    TestHost prepareWith(Fetching value) {
        fetching = value;
        return this;
    }

    TestHost tag(Map<String, String> value) {
        tags = value;
        return this;
    }

    TestHost start() {
        backends = new Closer();
        var processes = backends.register(
                ProcessContainerBackend.builder(directory.resolve("data"), directory.resolve("images"))
                        .files(filesOfJobs())
                        .build());
        var builtin =
                backends.register(new BuiltinContainerBackend(List.of(new Recorded()), "127.0.0.1", Clock.systemUTC()));
        agent = HostAgent.builder(ID, state, discovery)
                .appBackend(processes)
                .builtinBackend(builtin)
                .logSink(new Lines())
                .builtinEnvironment(Map.of("HTTP_PORT", "8080"))
                .advertise("127.0.0.1:1113")
                .tags(tags)
                .refusal(() -> refusal)
                .build();
        return this;
    }

    private JobFiles filesOfJobs() {
        return new JobFiles() {
            @Override
            public List<Mount> open(JobSpec spec) throws IOException {
                fetching.fetch();
                return List.of();
            }

            @Override
            public void close(JobId job) {
                // nothing was opened
            }
        };
    }

    /** As far as the store can tell, the host's process is gone at once. */
    void kill() {
        agent.close();
        backends.close();
    }

    @Override
    public void close() {
        if (agent != null) {
            kill();
        }
        discovery.close();
        store.close();
    }

    JobSpec shell(String line) {
        JobId id = JobId.random(ID);
        return JobSpec.builder(id, new JobSpec.Image(Artifact.HOST, "host:shell"))
                .metadata(Map.of(
                        JobSpec.META_APP,
                        app.toString(),
                        JobSpec.META_RELEASE,
                        release.toString(),
                        JobSpec.META_TYPE,
                        "web"))
                .cmd(List.of("/bin/sh", "-c", line))
                .env(Map.of("FLYNN_JOB_ID", id.value(), "FLYNN_APP_ID", app.toString()))
                .build();
    }

    JobSpec builtin(String type) {
        JobId id = JobId.random(ID);
        return JobSpec.builder(id, new JobSpec.Image(Artifact.BUILTIN, "builtin:recorded"))
                .metadata(Map.of(
                        JobSpec.META_APP,
                        app.toString(),
                        JobSpec.META_RELEASE,
                        release.toString(),
                        JobSpec.META_TYPE,
                        type))
                .env(Map.of("FLYNN_JOB_ID", id.value()))
                .ports(List.of(new Port(0, "tcp", Optional.empty())))
                .resurrect(true)
                .build();
    }

    static JobSpec withoutLog(JobSpec spec, boolean stdin, Optional<TerminalSize> tty) {
        return spec.toBuilder().stdin(stdin).tty(tty).disableLog(true).build();
    }

    JobId run(JobSpec spec) {
        state.jobs().create(JobRecord.pending(spec, 0, state.clock().instant()));
        return spec.id();
    }

    void requestStop(JobId id) {
        state.jobs().update(id, job -> job.withStopRequested(state.clock().instant()));
    }

    JobRecord job(JobId id) {
        return state.jobs().find(id).orElseThrow();
    }

    JobRecord awaitState(JobId id, JobState wanted) {
        await("job is " + wanted)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> job(id).state() == wanted);
        return job(id);
    }

    List<JobRecord> jobs() {
        return state.jobs().table().list().stream()
                .map(record -> record.value())
                .toList();
    }

    List<String> awaitInstances(String service, int count) {
        await("instances of " + service)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> discovery.instances(service).size() == count);
        return discovery.instances(service).stream().map(Instance::addr).toList();
    }

    private final class Lines implements LogSink {
        @Override
        public void accept(AppId id, LogMessage message) {
            lines.add(message.message());
        }

        @Override
        public long dropped() {
            return 0;
        }

        @Override
        public void close() {}
    }

    private final class Recorded implements BuiltinProgram {
        @Override
        public String name() {
            return "recorded";
        }

        @Override
        public AutoCloseable start(BuiltinJob job) {
            builtinJobs.add(job);
            return () -> {};
        }
    }

    /** What somebody attached saw. */
    static final class Seen implements AttachListener {
        final List<String> events = new CopyOnWriteArrayList<>();
        private final StringBuffer text = new StringBuffer();

        @Override
        public void onAttached() {
            events.add("attached");
        }

        @Override
        public void onOutput(OutputStreamKind stream, byte[] bytes) {
            text.append(new String(bytes, StandardCharsets.UTF_8));
            if (!events.contains("output")) {
                events.add("output");
            }
        }

        @Override
        public void onExit(int status) {
            events.add("exit " + status);
        }

        @Override
        public void onError(String reason) {
            events.add("error " + reason);
        }

        String text() {
            return text.toString();
        }

        void await(String event) {
            org.awaitility.Awaitility.await(event)
                    .atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> events.contains(event));
        }

        void awaitText(String wanted) {
            org.awaitility.Awaitility.await(wanted)
                    .atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> text.indexOf(wanted) >= 0);
        }
    }
}
