package dev.flynn.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A user with a home and a directory of their own, and a controller that answers what the test says. */
final class Cli implements AutoCloseable {

    /** What a run of the program left. */
    record Result(int status, String out, String err) {}

    private final Path home;
    private final Path directory;
    private final HttpServer server;
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Map<String, Integer> statuses = new ConcurrentHashMap<>();
    private final Map<String, String> variables = new HashMap<>();
    private String input = "";

    Cli(Path root) {
        try {
            this.home = Files.createDirectories(root.resolve("home"));
            this.directory = Files.createDirectories(root.resolve("work"));
            this.server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", exchange -> {
            String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(body.isEmpty() ? request : request + " " + body);
            byte[] answer = answers.getOrDefault(request, "").getBytes(StandardCharsets.UTF_8);
            if (answer.length == 0) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(statuses.getOrDefault(request, 200), answer.length);
                exchange.getResponseBody().write(answer);
            }
            exchange.close();
        });
        server.start();
        variables.put("HOME", home.toString());
        variables.put("PATH", System.getenv("PATH"));
        variables.put("GIT_CONFIG_NOSYSTEM", "1");
    }

    String controllerUrl() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Adds a cluster named {@code test} whose controller this is. */
    Cli withCluster() {
        write(ClusterList.EMPTY.with(new Cluster("test", "key", "", controllerUrl(), "https://git.test.example.net")));
        return this;
    }

    void write(ClusterList list) {
        new ClusterFile(clusterFile()).write(list);
    }

    Path clusterFile() {
        return home.resolve(".flynnrc");
    }

    Cli answer(String request, String body) {
        answers.put(request, body);
        return this;
    }

    /** Answers a request with an error object. */
    Cli refuse(String request, int status, String code, String message) {
        statuses.put(request, status);
        return answer(request, "{\"code\":\"%s\",\"message\":\"%s\"}".formatted(code, message));
    }

    /** The bodies of all requests of a method and path. */
    List<String> bodies(String request) {
        return requests.stream()
                .filter(sent -> sent.startsWith(request + " "))
                .map(sent -> sent.substring(request.length() + 1))
                .toList();
    }

    List<String> requests() {
        return requests;
    }

    Cli set(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    Cli typing(String text) {
        input = text;
        return this;
    }

    Result run(String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var console = new Console(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, false, StandardCharsets.UTF_8),
                "");
        int status =
                new Flynn(new Environment(variables, directory, "/opt/flynn/bin/flynn"), console).run(List.of(args));
        console.flush();
        return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    String git(String... args) {
        try {
            var builder =
                    new ProcessBuilder("git").directory(directory.toFile()).redirectErrorStream(true);
            builder.command().addAll(List.of(args));
            builder.environment().clear();
            builder.environment().putAll(variables);
            return new String(builder.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
