package dev.flynn.configurator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * An nginx whose configuration is changed over HTTP: it begins with a document that serves a directory, and {@code nginx -t} has
 * the last word on every change. If nginx ends, so does all of it.
 */
public final class NginxAppliance implements AutoCloseable {

    private static final int QUIT_SECONDS = 10;

    private final Closer opened = new Closer();
    private final ConfiguratorServer server;
    private final Process nginx;

    private NginxAppliance(Settings settings) {
        Path directory = settings.directory().toAbsolutePath();
        try {
            Path document = prepare(directory, settings);
            String nginxHere = "%s -p %s -e stderr".formatted(settings.nginx(), directory);
            Configurator configurator = opened.register(Configurator.builder()
                    .store(settings.store().orElseGet(() -> new FileStore(document)))
                    .transformer(new NginxTransformer())
                    .target(directory.resolve("nginx.conf"))
                    .check(Tool.of(nginxHere + " -t -q -c \"$FILE\"", "/bin/sh"))
                    .reload(Tool.of(nginxHere + " -s reload -c " + directory.resolve("nginx.conf"), "/bin/sh"))
                    .build());
            nginx = new ProcessBuilder(
                            settings.nginx().toString(),
                            "-p",
                            directory.toString(),
                            "-e",
                            "stderr",
                            "-c",
                            directory.resolve("nginx.conf").toString(),
                            "-g",
                            "daemon off;")
                    .inheritIO()
                    .start();
            opened.register(this::quit);
            configurator.follow();
            server = opened.register(
                    new ConfiguratorServer(configurator, settings.apiIp(), settings.apiPort(), settings.key()));
        } catch (IOException e) {
            FlynnException failure =
                    FlynnException.unavailable("nginx cannot be started (%s)".formatted(e.getMessage()), e);
            opened.closeAfter(failure);
            throw failure;
        } catch (RuntimeException e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * What an appliance needs.
     *
     * @param directory of its own; what is there already goes on to count
     * @param nginx the binary
     * @param listenIp where the first document listens
     * @param httpPort likewise
     * @param apiIp where the API listens
     * @param apiPort 0 is a free one
     * @param key the API's password, needed unless that is on loopback
     * @param store instead of a file in the directory
     */
    public record Settings(
            Path directory,
            Path nginx,
            String listenIp,
            int httpPort,
            String apiIp,
            int apiPort,
            Optional<String> key,
            Optional<ConfigStore> store) {}

    /**
     * Starts nginx and the API.
     *
     * @throws Refusal in nginx's words, if the document that is there is not valid
     * @throws FlynnException {@code UNAVAILABLE} if nginx or the API cannot be started
     */
    public static NginxAppliance start(Settings settings) {
        return new NginxAppliance(settings);
    }

    public InetSocketAddress apiAddress() {
        return server.address();
    }

    /** Calls when nginx has ended, by itself or not. */
    public void onEnd(Runnable ended) {
        var unused = nginx.onExit().thenRun(ended);
    }

    /** The exit status of nginx, once it has ended. */
    public OptionalInt status() {
        return nginx.isAlive() ? OptionalInt.empty() : OptionalInt.of(nginx.exitValue());
    }

    /** Workers of a master that is root are somebody else, who has to get to what they serve. */
    private static Path prepare(Path directory, Settings settings) throws IOException {
        Path document = directory.resolve("config.json");
        Path root = directory.resolve("www");
        Files.createDirectories(root);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
        if (!Files.exists(document)) {
            Path index = root.resolve("index.html");
            Files.writeString(index, "nginx is up; its configuration is at /v1/config of the API\n");
            Files.setPosixFilePermissions(index, PosixFilePermissions.fromString("rw-r--r--"));
            AtomicFiles.replace(document, Json.pretty(firstDocument(directory, settings)));
        }
        return document;
    }

    private static ObjectNode firstDocument(Path directory, Settings settings) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        boolean isRoot = "root".equals(System.getProperty("user.name"));
        if (isRoot) {
            document.putArray("user").add("nobody").add("nogroup");
        }
        document.put("worker_processes", 4);
        document.put("pid", directory.resolve("nginx.pid").toString());
        document.put("error_log", "stderr");
        document.putObject("events").put("worker_connections", 768);
        ObjectNode http = document.putObject("http");
        http.put("sendfile", true).put("access_log", false);
        for (String kind : new String[] {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            http.put(kind + "_temp_path", directory.resolve("temp-" + kind).toString());
        }
        ObjectNode server = http.putObject("server");
        String ip = settings.listenIp().contains(":") ? "[" + settings.listenIp() + "]" : settings.listenIp();
        server.putObject("listen").put(ip + ":" + settings.httpPort(), true);
        server.putObject("location")
                .putObject("/")
                .put("root", directory.resolve("www").toString());
        return document;
    }

    private void quit() {
        nginx.destroy();
        try {
            if (!nginx.waitFor(QUIT_SECONDS, TimeUnit.SECONDS)) {
                nginx.descendants().forEach(ProcessHandle::destroyForcibly);
                nginx.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            nginx.destroyForcibly();
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
