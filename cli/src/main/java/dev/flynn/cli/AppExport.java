package dev.flynn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import dev.flynn.client.ControllerClient;
import dev.flynn.client.Download;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An app as an archive (contract: layer 1, App export): what the controller knows of it, and its slug. Everything but the slug
 * is asked for before the first byte is written.
 */
final class AppExport {

    private final ControllerClient controller;
    private final App app;
    private final List<Route> routes;
    private final List<Resource> resources;
    private final Optional<Release> release;
    private final List<Artifact> artifacts;
    private final Optional<Formation> formation;
    private final FlynnJson json = new FlynnJson();

    AppExport(ControllerClient controller, String name) {
        this.controller = controller;
        this.app = asking("getting app", () -> controller.app(name));
        String id = app.id().toString();
        this.routes = asking("getting routes", () -> controller.routes(id));
        this.resources = asking("getting resources", () -> controller.resources(id));
        this.release = asking("retrieving app", () -> controller.findAppRelease(id));
        this.artifacts = asking(
                "getting artifacts",
                () -> release.map(Release::artifacts).orElse(List.of()).stream()
                        .map(controller::artifact)
                        .toList());
        this.formation =
                asking("getting formation", () -> release.flatMap(known -> controller.findFormation(id, known.id())));
    }

    private static <T> T asking(String what, Supplier<T> question) {
        try {
            return question.get();
        } catch (FlynnException e) {
            throw new CliException("error " + what + ": " + e.getMessage(), e);
        }
    }

    /** What the app has that an archive has no place for; it goes on to be where it is. */
    List<Resource> leftOut() {
        return resources;
    }

    void write(OutputStream out, Progress progress) throws IOException {
        var tar = new TarWriter(out, app.name(), Instant.now());
        tar.add(ArchiveNames.APP, bytes(app));
        tar.add(ArchiveNames.ROUTES, bytes(routes));
        if (release.isPresent()) {
            tar.add(ArchiveNames.RELEASE, bytes(release.get()));
        }
        if (artifacts.size() == 1) {
            tar.add(ArchiveNames.ARTIFACT, bytes(artifacts.get(0)));
        } else if (!artifacts.isEmpty()) {
            tar.add(ArchiveNames.ARTIFACTS, bytes(artifacts));
        }
        if (formation.isPresent()) {
            tar.add(ArchiveNames.FORMATION, bytes(formation.get()));
        }
        if (release.isPresent()
                && !release.get().env().getOrDefault(ArchiveNames.SLUG_URL, "").isEmpty()) {
            addSlug(tar, release.get(), progress);
        }
        tar.end();
    }

    private void addSlug(TarWriter tar, Release built, Progress progress) throws IOException {
        try (Download slug = controller.slug(app.id().toString(), built.id())) {
            long length = slug.length().orElse(-1);
            InputStream content = progress.of(ArchiveNames.SLUG, length, slug.content());
            if (length < 0) {
                spool(tar, content);
            } else {
                tar.add(ArchiveNames.SLUG, length, content);
            }
        } catch (FlynnException e) {
            throw new CliException(
                    e.code() == ErrorCode.OBJECT_NOT_FOUND
                            ? "error exporting app: the cluster has no slug of release " + built.id()
                            : "error exporting app: " + e.getMessage(),
                    e);
        }
    }

    /** The archive has the size before the content. */
    private static void spool(TarWriter tar, InputStream slug) throws IOException {
        Path spooled = Files.createTempFile("flynn-export", ".tar.gz");
        try {
            Files.copy(slug, spooled, StandardCopyOption.REPLACE_EXISTING);
            try (InputStream content = Files.newInputStream(spooled)) {
                tar.add(ArchiveNames.SLUG, Files.size(spooled), content);
            }
        } finally {
            Files.delete(spooled);
        }
    }

    private byte[] bytes(Object value) {
        var printer = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                        .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                        .withObjectEmptySeparator("")
                        .withArrayEmptySeparator(""))
                .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                .withArrayIndenter(new DefaultIndenter("  ", "\n"));
        try {
            String text = json.copyMapper().writer(printer).writeValueAsString(value);
            return (text + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new CliException("error exporting app: " + e.getMessage(), e);
        }
    }
}
