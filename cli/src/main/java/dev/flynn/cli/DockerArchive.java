package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An image as {@code docker save} writes it.
 *
 * @param digest SHA-256 of the file, in hexadecimal digits
 * @param env what the image sets, as it is, control characters included
 */
record DockerArchive(
        Path file, long length, String digest, List<String> entrypoint, List<String> cmd, Map<String, String> env) {

    private static final String MANIFEST = "manifest.json";
    private static final int MAX_JSON_BYTES = 4 << 20;

    /** @throws CliException if the file has no image, or several */
    static DockerArchive read(Path file) throws IOException {
        JsonNode images = member(file, MANIFEST)
                .orElseThrow(
                        () -> new CliException("%s is no archive of an image as docker save writes it: it has no %s"
                                .formatted(file, MANIFEST)));
        if (images.size() != 1) {
            throw new CliException("%s has %d images: save one alone".formatted(file, images.size()));
        }
        String name = images.get(0).path("Config").asText();
        JsonNode config = member(file, name)
                .orElseThrow(() -> new CliException("%s is not complete: %s is missing".formatted(file, name)))
                .path("config");
        return new DockerArchive(
                file,
                Files.size(file),
                digest(file),
                texts(config.path("Entrypoint")),
                texts(config.path("Cmd")),
                variables(config.path("Env")));
    }

    private static Optional<JsonNode> member(Path file, String name) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            var tar = new TarReader(in);
            for (Optional<TarReader.Entry> entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                if (entry.get().name().equals(name)) {
                    return Optional.of(json(entry.get()));
                }
            }
            return Optional.empty();
        }
    }

    private static JsonNode json(TarReader.Entry entry) throws IOException {
        if (entry.size() > MAX_JSON_BYTES) {
            throw new IOException("%s has %d bytes".formatted(entry.name(), entry.size()));
        }
        return new FlynnJson().readTree(new String(entry.content().readAllBytes(), StandardCharsets.UTF_8));
    }

    private static String digest(Path file) throws IOException {
        try (var in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static Map<String, String> variables(JsonNode list) {
        Map<String, String> variables = new TreeMap<>();
        for (String line : texts(list)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                variables.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return variables;
    }
}
