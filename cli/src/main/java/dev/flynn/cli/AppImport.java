package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.Service;
import dev.flynn.client.ControllerClient;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;

/** Makes an app of an archive (contract: layer 1, App import). */
final class AppImport {

    private static final List<String> OF_THE_SERVER = List.of("id", "created_at", "updated_at");
    private static final String WEB = "-web";
    private static final String BLOBSTORE = "http://blobstore.discoverd/";
    private static final String RUNNER = "SLUGRUNNER_IMAGE_URI";

    private final ControllerClient controller;
    private final AppArchive archive;
    private final Progress progress;
    private final FlynnJson json = new FlynnJson();

    AppImport(ControllerClient controller, AppArchive archive, Progress progress) {
        this.controller = controller;
        this.archive = archive;
        this.progress = progress;
    }

    /** What was made; the default route of an app counts too. */
    record Imported(App app, int routes) {}

    /**
     * Creates the app, and what it had.
     *
     * @param name instead of the exported app's
     * @param withRoutes whether it gets the other one's routes; what is taken is left out
     */
    Imported run(Optional<String> name, boolean withRoutes) throws IOException {
        String oldName = archive.app().path("name").asText();
        // what can be wrong is asked for while nothing is there yet
        Optional<Artifact> runner =
                archive.slug().isPresent() ? Optional.of(making("artifact", this::createRunner)) : Optional.empty();
        App app = making("app", () -> createApp(name));
        try {
            if (archive.release().isObject()) {
                createRelease(app, oldName, runner);
            }
            return new Imported(app, withRoutes ? 1 + addRoutes(app, oldName) : 1);
        } catch (FlynnException | CliException | IOException e) {
            throw new CliException(
                    "%s; app \"%s\" is there in part: delete it before you import it again"
                            .formatted(e.getMessage(), app.name()),
                    e);
        }
    }

    private static <T> T making(String what, Supplier<T> request) {
        try {
            return request.get();
        } catch (FlynnException e) {
            throw new CliException("error creating " + what + ": " + e.getMessage(), e);
        }
    }

    private App createApp(Optional<String> name) {
        Map<String, JsonNode> app = fields(archive.app());
        app.remove("release");
        name.ifPresent(other -> app.put("name", TextNode.valueOf(other)));
        return controller.createApp(app);
    }

    /** By their JSON names, without those that the server gives. */
    private static Map<String, JsonNode> fields(JsonNode object) {
        Map<String, JsonNode> fields = new TreeMap<>();
        object.fields().forEachRemaining(field -> fields.put(field.getKey(), field.getValue()));
        OF_THE_SERVER.forEach(fields::remove);
        return fields;
    }

    /** What runs slugs in this cluster. */
    private Artifact createRunner() {
        String uri = controller
                .findAppRelease("gitreceive")
                .map(release -> release.env().getOrDefault(RUNNER, ""))
                .orElse("");
        if (uri.isEmpty()) {
            throw new CliException("gitreceive env missing " + RUNNER);
        }
        return controller.createArtifact(uri.startsWith("host:") ? Artifact.HOST : Artifact.DOCKER, uri);
    }

    private void createRelease(App app, String oldName, Optional<Artifact> runner) throws IOException {
        Release old = json.convert(archive.release(), Release.class);
        Map<String, String> env = new HashMap<>(old.env());
        runner.ifPresent(built -> env.put(ArchiveNames.SLUG_URL, BLOBSTORE + UUID.randomUUID() + ".tgz"));
        Map<String, ProcessType> processes = new TreeMap<>();
        old.processes().forEach((type, process) -> processes.put(type, renamed(process, oldName, app.name())));
        List<ArtifactId> artifacts = making(
                "artifact",
                () -> runner.map(built -> List.of(built.id()))
                        .orElseGet(() -> archive.artifacts().stream()
                                .map(artifact -> controller
                                        .createArtifact(
                                                artifact.path("type").asText(),
                                                artifact.path("uri").asText())
                                        .id())
                                .toList()));
        var draft = new Release(
                ReleaseId.random(), Optional.of(app.id()), artifacts, env, old.meta(), processes, Instant.EPOCH);
        String id = app.id().toString();
        ReleaseId release =
                making("release", () -> controller.createRelease(draft)).id();
        making("release", () -> controller.setAppRelease(id, release));
        if (archive.slug().isPresent()) {
            upload(id, release, archive.slug().get());
        }
        if (archive.formation().isObject()) {
            Formation formation = json.convert(archive.formation(), Formation.class);
            making("formation", () -> controller.putFormation(id, release, formation.processes(), formation.tags()));
        }
    }

    private void upload(String app, ReleaseId release, Path slug) throws IOException {
        long length = Files.size(slug);
        try (InputStream content = progress.of("uploading slug", length, Files.newInputStream(slug))) {
            controller.putSlug(app, release, length, content);
        }
    }

    /** Services that are named after the app. */
    static ProcessType renamed(ProcessType process, String oldName, String newName) {
        List<Port> ports = process.ports().stream()
                .map(port -> new Port(
                        port.port(),
                        port.proto(),
                        port.service()
                                .map(service -> new Service(
                                        renamed(service.name(), oldName, newName),
                                        service.create(),
                                        service.check(),
                                        service.startup(),
                                        service.liveness()))))
                .toList();
        return process.withPorts(ports, process.service().map(service -> renamed(service, oldName, newName)));
    }

    /** {@code <app>-web}, and what a process type {@code <type>-web} has: {@code <app>-<type>-web}. */
    private static String renamed(String service, String oldName, String newName) {
        return service.startsWith(oldName + "-") && service.endsWith(WEB)
                ? newName + service.substring(oldName.length())
                : service;
    }

    private int addRoutes(App app, String oldName) {
        int added = 0;
        for (JsonNode route : archive.routes()) {
            Map<String, JsonNode> fields = fields(route);
            fields.remove("parent_ref");
            String service = route.path("service").asText();
            fields.put("service", TextNode.valueOf(renamed(service, oldName, app.name())));
            try {
                var unused = controller.createRoute(app.id().toString(), fields);
                added++;
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.CONFLICT) {
                    throw new CliException("error creating route: " + e.getMessage(), e);
                }
            }
        }
        return added;
    }
}
