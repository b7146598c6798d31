package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the API does, request by request (contract: layer 0, HTTP endpoints); streams and attachments are elsewhere. */
final class Endpoints {

    /** SIGTERM, ten seconds, SIGKILL, and a little for what the agent does before and after. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(11);

    private static final String UNKNOWN_JOB = "host: unknown job";
    private static final String DISTRIBUTION =
            "fetching programs through a host's API is not supported here: install the new version on the host and start it again";

    private final HostFacts facts;
    private final ClusterState state;
    private final FlynnJson json;
    private final HostJobs jobs;
    private final HostConnection connection;
    private final Consumer<JobId> deregister;
    private final EventHub events;
    private final ImageEndpoints images;
    private final StorageEndpoints storage;
    private final DiskEndpoints disk;
    private final Executor executor;
    private final String scheme;

    /**
     * @param deregister takes a job's services out of discovery
     * @param executor for what is left to do once a job has stopped
     */
    Endpoints(
            HostFacts facts,
            ClusterState state,
            HostJobs jobs,
            HostConnection connection,
            Consumer<JobId> deregister,
            EventHub events,
            ImageEndpoints images,
            StorageEndpoints storage,
            DiskEndpoints disk,
            Executor executor,
            String scheme) {
        this.facts = facts;
        this.state = state;
        this.json = state.json();
        this.jobs = jobs;
        this.connection = connection;
        this.deregister = deregister;
        this.events = events;
        this.images = images;
        this.storage = storage;
        this.disk = disk;
        this.executor = executor;
        this.scheme = scheme;
    }

    /**
     * @param path decoded, segment by segment
     * @param query the first value of each parameter
     * @param accept the header
     * @throws FlynnException what the client is to be told
     */
    CompletableFuture<Answer> answer(
            String method, List<String> path, Map<String, String> query, String accept, byte[] body) {
        if (path.size() == 3 && path.get(0).equals("host") && path.get(1).equals("jobs") && method.equals("DELETE")) {
            return stop(path.get(2));
        }
        return CompletableFuture.completedFuture(
                switch (path.get(0)) {
                    case "host" -> host(method, path, query, body);
                    case "storage" -> storage.answer(method, path.subList(1, path.size()), query, accept, body);
                    default -> Answer.notFound();
                });
    }

    private Answer host(String method, List<String> path, Map<String, String> query, byte[] body) {
        if (path.size() >= 2 && path.get(1).equals("jobs")) {
            return switch (path.size()) {
                case 2 -> method.equals("GET") ? list(query) : Answer.notFound();
                case 3 -> job(method, path.get(2), body);
                case 4 ->
                    method.equals("PUT") && path.get(3).equals("discoverd-deregister")
                            ? leaveDiscovery(path.get(2))
                            : Answer.notFound();
                case 5 ->
                    method.equals("PUT") && path.get(3).equals("signal")
                            ? signal(path.get(2), path.get(4))
                            : Answer.notFound();
                default -> Answer.notFound();
            };
        }
        if (path.size() >= 2 && path.get(1).equals("images")) {
            return images.answer(method, path);
        }
        if (path.size() >= 2 && path.size() <= 3 && path.get(1).equals("disk")) {
            return disk.answer(method, path.stream().skip(2).findFirst());
        }
        return switch (method + " " + String.join("/", path)) {
            case "GET host/status" -> status();
            case "POST host/tags" -> tags(body);
            case "POST host/resource-check" -> resourceCheck(body);
            // the host finds discovery and its network by itself
            case "POST host/discoverd", "POST host/network" -> Answer.empty();
            case "POST host/pull/binaries", "POST host/update" ->
                throw new FlynnException(ErrorCode.UNSUPPORTED, DISTRIBUTION);
            default -> Answer.notFound();
        };
    }

    // jobs

    private Answer list(Map<String, String> query) {
        boolean activeOnly = "true".equals(query.get("active"));
        Map<String, JobForms.ActiveJobForm> forms = new LinkedHashMap<>();
        jobs.all().forEach((id, job) -> {
            if (!activeOnly || job.state() != JobState.DOWN) {
                forms.put(id, ActiveJobs.of(job));
            }
        });
        return Answer.json(json.writeBytes(forms));
    }

    private Answer job(String method, String id, byte[] body) {
        return switch (method) {
            case "GET" ->
                jobs.find(id)
                        .map(job -> Answer.json(json.writeBytes(ActiveJobs.of(job))))
                        .orElseThrow(() -> new FlynnException(ErrorCode.OBJECT_NOT_FOUND, UNKNOWN_JOB));
            case "PUT" -> create(id, body);
            default -> Answer.notFound();
        };
    }

    private Answer create(String id, byte[] body) {
        JobSpec spec = Requests.read(json, body, JobBody.class).spec(id, jobs.hostId());
        storage.requireFree(spec);
        jobs.create(spec);
        return Answer.json(new byte[] {'{', '}'});
    }

    /** The reference tells of a job that it does not know, or that is over, like of any failure of its own. */
    private JobRecord live(String id) {
        JobRecord job = jobs.find(id).orElseThrow(() -> FlynnException.internal(UNKNOWN_JOB + " " + id, null));
        if (job.state() == JobState.DOWN) {
            throw FlynnException.internal("job " + id + " does not run any more", null);
        }
        return job;
    }

    private CompletableFuture<Answer> stop(String id) {
        JobRecord job = live(id);
        if (ActiveJobs.status(job) == ActiveJobs.STARTING) {
            jobs.requestStop(job.id());
            return CompletableFuture.completedFuture(Answer.empty());
        }
        var stopped = new CompletableFuture<Answer>();
        Subscription following = events.listen(new End(id, () -> stopped.complete(Answer.empty())));
        try {
            if (jobs.requestStop(job.id()).state() == JobState.DOWN) {
                stopped.complete(Answer.empty());
            }
        } catch (FlynnException e) {
            stopped.completeExceptionally(e);
        }
        return stopped.completeOnTimeout(Answer.empty(), STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .whenCompleteAsync((answer, failure) -> following.close(), executor);
    }

    /** Tells when a job is over. */
    private record End(String id, Runnable told) implements EventHub.Listener {

        @Override
        public Optional<String> job() {
            return Optional.of(id);
        }

        @Override
        public void onEvent(JobEvents.Kind kind, byte[] frame) {
            if (kind == JobEvents.Kind.CLEANUP) {
                told.run();
            }
        }

        @Override
        public void onEnd(String reason) {
            told.run();
        }
    }

    private Answer signal(String id, String number) {
        int signal;
        try {
            signal = Integer.parseInt(number);
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField("sig", "must be the number of a signal, was \"" + number + "\"");
        }
        JobId job = live(id).id();
        orInternal(() -> connection.signal(job, signal));
        return Answer.empty();
    }

    private Answer leaveDiscovery(String id) {
        JobId job = live(id).id();
        orInternal(() -> deregister.accept(job));
        return Answer.empty();
    }

    private static void orInternal(Runnable step) {
        try {
            step.run();
        } catch (FlynnException e) {
            throw FlynnException.internal(e.getMessage(), e);
        }
    }

    // the host

    private record DiscoverdForm(
            @JsonInclude(JsonInclude.Include.ALWAYS) String jobId,
            @JsonInclude(JsonInclude.Include.ALWAYS) String url,
            @JsonInclude(JsonInclude.Include.ALWAYS) String dns) {}

    private record StatusForm(
            String id,
            Map<String, String> tags,
            long pid,
            String url,
            @Nullable DiscoverdForm discoverd,
            @Nullable NetworkFacts network,
            String version,
            List<String> flags) {}

    private Answer status() {
        DiscoverdForm discoverd = facts.discoverd()
                .map(url -> new DiscoverdForm("", url, facts.dns().orElse("")))
                .orElse(null);
        return Answer.json(json.writeBytes(new StatusForm(
                facts.hostId(),
                state.hosts()
                        .find(facts.hostId())
                        .map(host -> host.value().tags())
                        .orElse(Map.of()),
                ProcessHandle.current().pid(),
                scheme + "://" + facts.address(),
                discoverd,
                facts.network().orElse(null),
                facts.version(),
                facts.flags())));
    }

    private Answer tags(byte[] body) {
        JsonNode changes = Requests.read(json, body, JsonNode.class);
        Map<String, String> wanted = new HashMap<>();
        changes.properties().forEach(tag -> wanted.put(tag.getKey(), text(tag.getValue())));
        if (!changes.isObject()) {
            throw syntaxError();
        }
        state.hosts().update(facts.hostId(), host -> merge(host, wanted));
        return Answer.empty();
    }

    private static String text(JsonNode value) {
        if (!value.isTextual()) {
            throw syntaxError();
        }
        return value.textValue();
    }

    private static FlynnException syntaxError() {
        return new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
    }

    /** An empty value deletes. */
    private static Host merge(Host host, Map<String, String> changes) {
        Map<String, String> tags = new HashMap<>(host.tags());
        tags.putAll(changes);
        tags.values().removeIf(String::isEmpty);
        return host.withTags(tags);
    }

    private record PortsBody(@Nullable List<PortNumber> ports) {}

    private record PortNumber(int port, @Nullable String proto) {

        String protocol() {
            return proto == null || proto.isEmpty() ? "tcp" : proto;
        }
    }

    private record PortsForm(@JsonProperty("Ports") List<PortNumber> ports) {}

    private record ConflictForm(
            String code,
            String message,
            PortsForm detail,
            @JsonInclude(JsonInclude.Include.ALWAYS) boolean retry) {}

    private Answer resourceCheck(byte[] body) {
        List<PortNumber> wanted = Requests.read(json, body, PortsBody.class).ports();
        List<PortNumber> taken = new ArrayList<>();
        for (PortNumber port : wanted == null ? List.<PortNumber>of() : wanted) {
            if (port != null && !isFree(port)) {
                taken.add(new PortNumber(port.port(), port.protocol()));
            }
        }
        if (taken.isEmpty()) {
            return Answer.json(new byte[] {'{', '}'});
        }
        var conflict = new ConflictForm("conflict", "Conflicting resources found", new PortsForm(taken), false);
        return new Answer(409, "application/json", json.writeBytes(conflict), Map.of());
    }

    private static boolean isFree(PortNumber wanted) {
        if (wanted.port() < 0 || wanted.port() > 65_535) {
            throw FlynnException.invalidField("Ports.port", "must be 0 to 65535, was " + wanted.port());
        }
        var everywhere = new InetSocketAddress(wanted.port());
        try {
            switch (wanted.protocol()) {
                case "tcp" -> {
                    try (ServerSocket socket = new ServerSocket()) {
                        socket.setReuseAddress(true);
                        socket.bind(everywhere);
                    }
                }
                case "udp" -> {
                    try (DatagramSocket socket = new DatagramSocket(null)) {
                        socket.bind(everywhere);
                    }
                }
                default ->
                    throw FlynnException.invalidField(
                            "Ports.proto", "must be tcp or udp, was \"" + wanted.protocol() + "\"");
            }
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
