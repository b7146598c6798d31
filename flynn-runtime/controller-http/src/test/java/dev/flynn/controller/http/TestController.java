package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.controller.Controller;
import dev.flynn.controller.DeploymentWorker;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A controller on a port of its own, with a store in memory and hosts that are played by the test. */
final class TestController implements AutoCloseable {

    static final String KEY = "0b9d6c2a7e5f4138a1c2";
    static final String OTHER_KEY = "second";
    static final String DOMAIN = "flynn.test";

    final FlynnJson json = new FlynnJson();
    final ClusterState state;
    final Discovery discovery;
    final FakeHosts hosts;
    final FakeLogs logs = new FakeLogs();
    final Map<String, String> env = new HashMap<>(Map.of(
            "PORT", "0",
            "LISTEN_IP", "127.0.0.1",
            "AUTH_KEY", KEY + "," + OTHER_KEY,
            "DEFAULT_ROUTE_DOMAIN", DOMAIN,
            "CA_CERT", "-----BEGIN CERTIFICATE-----\n",
            "HTTP_PORT", "8080",
            "HTTPS_PORT", "8443"));

    private static @Nullable DescribedAnswers described;

    private final Closer closer = new Closer();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    final Controller controller;
    final ControllerConfig config;
    private ControllerWeb web;
    private OptionalInt otherPort = OptionalInt.empty();
    private String prefix = "";

    private TestController(Path dataDirectory, long diskReserve) throws IOException {
        var store = closer.register(new MemoryClusterStore());
        this.state = new ClusterState(store, json, Clock.systemUTC());
        this.discovery = closer.register(StoreDiscovery.builder(store).build());
        this.hosts = new FakeHosts(state);
        addHost("host1");
        this.config = ControllerConfig.fromEnv(env);
        var disk = new DiskReserve(dataDirectory, diskReserve);
        this.controller = new Controller(state, discovery, hosts, logs, disk, config.defaultRouteDomain());
        this.web = ControllerWeb.start(config, controller);
        closer.register(this::stopWeb);
    }

    static TestController start(Path dataDirectory) throws IOException {
        return new TestController(dataDirectory, 0);
    }

    static TestController withFullDisk(Path dataDirectory) throws IOException {
        return new TestController(dataDirectory, Long.MAX_VALUE);
    }

    /** Starts a worker that is closed with this. */
    DeploymentWorker startWorker() {
        return closer.register(DeploymentWorker.start(KEY, state, discovery, logs));
    }

    /** Ends the API, and the streams that it serves; what it serves is there still. */
    void stopWeb() {
        web.close();
    }

    /** Does the first thing of an end. */
    void endStreams() {
        web.endStreams();
    }

    /** Begins it again, elsewhere. */
    int startWeb() throws IOException {
        web = anotherWeb();
        return web.port();
    }

    /** One more API on the same cluster; the caller closes it. */
    ControllerWeb anotherWeb() throws IOException {
        return ControllerWeb.start(config, controller);
    }

    int port() {
        return otherPort.orElse(web.port());
    }

    /** Requests go to another server of the same controller from now on, which is closed with this. */
    void askElsewhere(int port, String below, AutoCloseable server) {
        otherPort = OptionalInt.of(port);
        prefix = below;
        closer.register(server);
    }

    /** What jobs may reserve together on a host. */
    void capacity(String id, Capacity capacity) {
        Transaction.Builder transaction = Transaction.builder();
        Versioned<Host> host = state.hosts().get(id);
        state.hosts().replace(transaction, host, host.value().withCapacity(Optional.of(capacity)));
        assertThat(state.commit(transaction).committed()).isTrue();
    }

    void addHost(String id) {
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, id, new Host(id, "http://127.0.0.1:1113", Map.of()));
        var unused = state.commit(transaction);
    }

    JobRecord job(String id) {
        return state.jobs().find(new JobId(id)).orElseThrow();
    }

    Answer get(String path, String... headers) {
        return send("GET", path, "", headers);
    }

    Answer post(String path, String body, String... headers) {
        return send("POST", path, body, headers);
    }

    Answer put(String path, String body) {
        return send("PUT", path, body);
    }

    Answer delete(String path) {
        return send("DELETE", path, "");
    }

    /** With the key, as the reference client sends it. */
    Answer send(String method, String path, String body, String... headers) {
        return sendBare(
                method,
                path,
                body,
                concat(headers, "Authorization", authorization(KEY), "Content-Type", "application/json"));
    }

    /** With another key than the usual one. */
    Answer sendWith(String key, String method, String path, String body, String... headers) {
        return sendBare(method, path, body, concat(headers, "Authorization", authorization(key)));
    }

    PathTable paths() {
        return web.paths();
    }

    /** Without the key. */
    Answer sendBare(String method, String path, String body, String... headers) {
        try {
            HttpResponse<String> response =
                    http.send(request(method, path, body, headers), HttpResponse.BodyHandlers.ofString());
            described()
                    .check(
                            method,
                            path,
                            response.statusCode(),
                            response.headers().firstValue("Content-Type").orElse(""),
                            response.body());
            return new Answer(response, json);
        } catch (IOException e) {
            throw new AssertionError(method + " " + path + " failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What answers are held to: the same for all, because it is made from the code. */
    private DescribedAnswers described() throws IOException, InterruptedException {
        synchronized (TestController.class) {
            if (described == null) {
                HttpRequest request = request("GET", "/openapi.json", "", "Authorization", authorization(KEY));
                described = new DescribedAnswers(json.readTree(
                        http.send(request, HttpResponse.BodyHandlers.ofString()).body()));
            }
            return described;
        }
    }

    /** A stream; the caller closes it. */
    TestStream stream(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest request = request("GET", path, "", concat(headers, "Authorization", authorization(KEY)));
        return new TestStream(http.send(request, HttpResponse.BodyHandlers.ofInputStream()));
    }

    private HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + prefix + path))
                .timeout(Duration.ofSeconds(20))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    static String authorization(String key) {
        return "Basic " + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8));
    }

    private static String[] concat(String[] first, String... second) {
        String[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /** Creates an app and gives its id. */
    String createApp(String name) {
        return post("/apps", "{\"name\":\"%s\"}".formatted(name)).ok().get("id").asText();
    }

    /** Creates a release with the given process types, as JSON, and gives its id. */
    String createRelease(String processes) {
        String artifact = post("/artifacts", "{\"type\":\"host\",\"uri\":\"host:slugrunner\"}")
                .ok()
                .get("id")
                .asText();
        return post(
                        "/releases",
                        "{\"artifact\":\"%s\",\"env\":{\"LOG_LEVEL\":\"info\"},\"processes\":%s}"
                                .formatted(artifact, processes))
                .ok()
                .get("id")
                .asText();
    }

    @Override
    public void close() {
        closer.close();
    }

    /** What the controller answered. */
    record Answer(HttpResponse<String> response, FlynnJson mapper) {

        int status() {
            return response.statusCode();
        }

        String body() {
            return response.body();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        JsonNode json() {
            return mapper.readTree(body());
        }

        /** The body of a success. */
        JsonNode ok() {
            if (status() != 200) {
                throw new AssertionError("expected 200, was " + status() + " " + body());
            }
            return body().isEmpty() ? mapper.readTree("null") : json();
        }
    }
}
