package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What registries want to know, from the file that {@code docker login} writes, credential helpers included. */
final class Credentials {

    private static final String DOCKER_HUB = "https://index.docker.io/v1/";
    private static final long HELPER_SECONDS = 30;

    private Credentials() {}

    /** @return {@code user:password} */
    static Optional<String> find(Path file, String host) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(
                    "the credentials of registries should be in %s, which does not exist".formatted(file));
        }
        JsonNode config = ImageMetadata.parse(Files.readAllBytes(file), file.toString());
        String name = host.equals("docker.io") ? DOCKER_HUB : host;
        String helper = config.path("credHelpers").path(name).asText("");
        if (!helper.isEmpty()) {
            return fromHelper(helper, name);
        }
        for (String key : List.of(name, "https://" + name, "http://" + name)) {
            Optional<String> found = fromEntry(config.path("auths").path(key), file);
            if (found.isPresent()) {
                return found;
            }
        }
        String store = config.path("credsStore").asText("");
        return store.isEmpty() ? Optional.empty() : fromHelper(store, name);
    }

    private static Optional<String> fromEntry(JsonNode entry, Path file) throws IOException {
        String user = entry.path("username").asText("");
        if (!user.isEmpty()) {
            return Optional.of(user + ":" + entry.path("password").asText(""));
        }
        String encoded = entry.path("auth").asText("");
        if (encoded.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new String(Base64.getDecoder().decode(encoded.trim()), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IOException("an \"auth\" in %s is not Base64".formatted(file), e);
        }
    }

    private static Optional<String> fromHelper(String suffix, String name) throws IOException {
        if (!suffix.matches("[A-Za-z0-9._-]+")) {
            throw new IOException("\"%s\" is not the name of a credential helper".formatted(suffix));
        }
        Process helper = new ProcessBuilder("docker-credential-" + suffix, "get")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (OutputStream in = helper.getOutputStream()) {
            in.write(name.getBytes(StandardCharsets.UTF_8));
        }
        byte[] answer = helper.getInputStream().readNBytes(ImageMetadata.MAX_BYTES);
        try {
            if (!helper.waitFor(HELPER_SECONDS, TimeUnit.SECONDS) || helper.exitValue() != 0) {
                return Optional.empty();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted while a credential helper ran");
        } finally {
            helper.destroyForcibly();
        }
        JsonNode json = ImageMetadata.parse(answer, "the answer of docker-credential-" + suffix);
        return Optional.of(
                json.path("Username").asText() + ":" + json.path("Secret").asText());
    }
}
