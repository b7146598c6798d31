package dev.flynn.containers.docker;

import dev.flynn.api.error.FlynnException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Where the URI of an image of type {@code docker} says that it is. */
sealed interface ImageSource {

    /** In the engine, or in a registry. */
    record Named(String name) implements ImageSource {}

    /** In a file that {@code docker save} wrote. */
    record Archive(Path path) implements ImageSource {}

    /** In such a file, which is fetched. */
    record Fetched(URI url) implements ImageSource {}

    /**
     * Reads {@code docker://registry/repository:tag}, {@code docker-archive:/path}, {@code https://host/archive.tar}, and the
     * historic {@code https://registry?name=repository&tag=tag}.
     *
     * @throws FlynnException {@code VALIDATION}
     */
    static ImageSource of(String uri) {
        if (uri.startsWith("docker-archive:/")) {
            return new Archive(Path.of(uri.substring("docker-archive:".length())));
        }
        if (uri.startsWith("docker://")) {
            return new Named(named(uri.substring("docker://".length()), uri));
        }
        if (uri.startsWith("https://") || uri.startsWith("http://")) {
            return url(URI.create(uri));
        }
        if (uri.startsWith("oci:")) {
            throw FlynnException.invalid(
                    "the docker backend cannot read the OCI layout %s; copy it into the engine with".formatted(uri)
                            + " skopeo copy, or make a docker-archive of it");
        }
        throw FlynnException.invalid(
                "the docker backend runs images docker://<registry>/<repository>:<tag>, docker-archive:/<path> and"
                        + " https://<host>/<archive>, not "
                        + uri);
    }

    private static ImageSource url(URI uri) {
        boolean isFile = uri.getRawQuery() == null
                && uri.getPath() != null
                && uri.getPath().length() > 1;
        return isFile ? new Fetched(uri) : historic(uri);
    }

    private static ImageSource historic(URI uri) {
        Map<String, String> query = new HashMap<>();
        for (String pair : (uri.getRawQuery() == null ? "" : uri.getRawQuery()).split("&")) {
            String[] parts = pair.split("=", 2);
            query.put(parts[0], parts.length == 2 ? URLDecoder.decode(parts[1], StandardCharsets.UTF_8) : "");
        }
        String name = query.getOrDefault("name", "");
        if (name.isEmpty()) {
            throw FlynnException.invalid(
                    "the image " + uri + " has no name; give https://<registry>?name=<repository>");
        }
        String registry = uri.getAuthority() == null || uri.getAuthority().equals("registry.hub.docker.com")
                ? ""
                : uri.getAuthority() + "/";
        String version = query.getOrDefault("tag", query.getOrDefault("id", "latest"));
        return new Named(
                named(registry + name + (version.startsWith("sha256:") ? "@" : ":") + version, uri.toString()));
    }

    /** With the tag that is meant when there is none: without one an engine would pull them all. */
    private static String named(String name, String uri) {
        if (name.isEmpty() || name.chars().anyMatch(Character::isWhitespace)) {
            throw FlynnException.invalid(
                    "the image " + uri + " has no name; give docker://<registry>/<repository>:<tag>");
        }
        boolean tagged = name.indexOf(':', name.lastIndexOf('/') + 1) >= 0 || name.contains("@");
        return tagged ? name : name + ":latest";
    }
}
