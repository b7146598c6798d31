package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An exported app, read as a whole before anything is done with it; what is large is in files that are deleted in the end. */
final class AppArchive implements AutoCloseable {

    private static final int MAX_JSON_BYTES = 16 << 20;

    private final Map<String, JsonNode> json = new HashMap<>();
    private @Nullable Path slug;

    private AppArchive() {}

    /** @throws CliException it is no archive of an app, or one with something that cannot be imported */
    static AppArchive read(InputStream in, Progress progress) throws IOException {
        var archive = new AppArchive();
        try {
            var tar = new TarReader(in);
            for (Optional<TarReader.Entry> entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                archive.read(entry.get(), progress);
            }
            archive.requireWhole();
            return archive;
        } catch (IOException | RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    private void read(TarReader.Entry entry, Progress progress) throws IOException {
        String name = entry.baseName();
        switch (name) {
            case ArchiveNames.APP,
                    ArchiveNames.ROUTES,
                    ArchiveNames.RELEASE,
                    ArchiveNames.ARTIFACT,
                    ArchiveNames.ARTIFACTS,
                    ArchiveNames.FORMATION -> json.put(name, json(entry));
            case ArchiveNames.SLUG -> {
                if (slug == null) {
                    slug = Files.createTempFile("flynn-import", ".tar.gz");
                }
                Files.copy(progress.of(name, entry.size(), entry.content()), slug, StandardCopyOption.REPLACE_EXISTING);
            }
            case "postgres.dump", "mysql.dump" ->
                throw new CliException(name + " cannot be imported: flynn has no commands for databases yet; "
                        + "take it out of the archive (tar --delete), import the app, and restore it by hand");
            default -> {
                if (name.endsWith(".layer") || name.startsWith("docker-image.")) {
                    throw new CliException(name + " cannot be imported: layers of images cannot be stored here; "
                            + "push the image to a registry and use flynn release add");
                }
            }
        }
    }

    private static JsonNode json(TarReader.Entry entry) throws IOException {
        if (entry.size() > MAX_JSON_BYTES) {
            throw new CliException("%s has more than %d bytes".formatted(entry.baseName(), MAX_JSON_BYTES));
        }
        try {
            return new FlynnJson().readTree(new String(entry.content().readAllBytes(), StandardCharsets.UTF_8));
        } catch (FlynnException e) {
            throw new CliException(entry.baseName() + " is no JSON: " + e.getMessage(), e);
        }
    }

    private void requireWhole() {
        if (!app().isObject()) {
            throw new CliException("missing " + ArchiveNames.APP);
        }
        boolean wasBuilt =
                !release().path("env").path(ArchiveNames.SLUG_URL).asText().isEmpty();
        if (wasBuilt && slug == null) {
            throw new CliException("missing %s, which %s has a %s for"
                    .formatted(ArchiveNames.SLUG, ArchiveNames.RELEASE, ArchiveNames.SLUG_URL));
        }
    }

    private JsonNode json(String name) {
        return json.getOrDefault(name, MissingNode.getInstance());
    }

    JsonNode app() {
        return json(ArchiveNames.APP);
    }

    /** Missing if the app had none. */
    JsonNode release() {
        return json(ArchiveNames.RELEASE);
    }

    List<JsonNode> artifacts() {
        List<JsonNode> artifacts = new ArrayList<>();
        json(ArchiveNames.ARTIFACTS).forEach(artifacts::add);
        if (artifacts.isEmpty() && json(ArchiveNames.ARTIFACT).isObject()) {
            artifacts.add(json(ArchiveNames.ARTIFACT));
        }
        return artifacts;
    }

    JsonNode formation() {
        return json(ArchiveNames.FORMATION);
    }

    JsonNode routes() {
        return json(ArchiveNames.ROUTES);
    }

    Optional<Path> slug() {
        return Optional.ofNullable(slug);
    }

    @Override
    public void close() throws IOException {
        if (slug != null) {
            Files.deleteIfExists(slug);
        }
    }
}
