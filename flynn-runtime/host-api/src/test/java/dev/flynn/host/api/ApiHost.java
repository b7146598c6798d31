package dev.flynn.host.api;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.containers.process.ProcessContainerBackend;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.host.HostAgent;
import dev.flynn.json.FlynnJson;
import dev.flynn.logs.LogMux;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A host with real processes on a store in memory, and its API, open unless said. */
final class ApiHost implements AutoCloseable {

    static final String ID = "host1";

    final FlynnJson json = new FlynnJson();
    final ClusterState state;
    final Discovery discovery;
    final HostAgent agent;
    final LogMux logs;
    final HostApi api;
    final AppId app = AppId.random();

    private final Closer closer = new Closer();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    ApiHost(Path directory) throws IOException {
        this(directory, builder -> builder.security(HostApiSecurity.open()));
    }

    ApiHost(Path directory, UnaryOperator<HostApi.Builder> options) throws IOException {
        var store = closer.register(new MemoryClusterStore());
        state = new ClusterState(store, json, Clock.systemUTC());
        discovery = closer.register(StoreDiscovery.builder(store).build());
        Path init = directory.resolve("images/shell/init");
        Files.createDirectories(init.getParent());
        Files.writeString(init, "#!/bin/sh\nexec \"$@\"\n");
        init.toFile().setExecutable(true);
        logs = closer.register(new LogMux(directory.resolve("log")));
        var processes =
                closer.register(ProcessContainerBackend.builder(directory.resolve("data"), directory.resolve("images"))
                        .build());
        var builtin = closer.register(new BuiltinContainerBackend(List.of(), "127.0.0.1", Clock.systemUTC()));
        agent = closer.register(HostAgent.builder(ID, state, discovery)
                .appBackend(processes)
                .builtinBackend(builtin)
                .logSink(logs)
                .build());
        var facts = new HostFacts(
                ID,
                "127.0.0.1:1113",
                "dev",
                Optional.of("http://127.0.0.1:1111"),
                Optional.empty(),
                Optional.of(new NetworkFacts("100.100.7.1/24", 1450, List.of("192.0.2.1"))),
                List.of());
        api = closer.register(options.apply(HostApi.builder(facts, state, agent.connect(ID), logs)
                        .deregister(agent::leaveDiscovery)
                        .listen(new InetSocketAddress("127.0.0.1", 0)))
                .start());
    }

    int port() {
        return api.address().getPort();
    }

    String newId() {
        return JobId.random(ID).value();
    }

    /** The body of a request for a job that runs a line of shell. */
    String shell(String line) {
        return shell(line, "");
    }

    /** @param more of the job's config, with a comma before */
    String shell(String line, String more) {
        return """
                {"artifact":{"type":"host","url":"host:shell"},
                 "metadata":{"flynn-controller.app":"%s","flynn-controller.type":"web"},
                 "config":{"cmd":["/bin/sh","-c",%s]%s}}""".formatted(app, json.write(line), more);
    }

    HttpResponse<String> send(String method, String path, String body) {
        return send(method, path, body, "Content-Type", "application/json");
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(30));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    HttpResponse<String> get(String path) {
        return send("GET", path, "", "Accept", "application/json");
    }

    /** Makes a job wanted, under a fresh id. */
    String run(String body) {
        String id = newId();
        put(id, body);
        return id;
    }

    void put(String id, String body) {
        HttpResponse<String> answer = send("PUT", "/host/jobs/" + id, body);
        if (answer.statusCode() != 200 || !answer.body().equals("{}")) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
    }

    JsonNode job(String id) {
        return json.readTree(get("/host/jobs/" + id).body());
    }

    JsonNode awaitStatus(String id, int status) {
        await("status " + status + " of " + id)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> job(id).path("status").asInt(0) == status);
        return job(id);
    }

    @Override
    public void close() {
        closer.close();
    }
}
