package dev.flynn.images;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which image a URI means. */
sealed interface ImageReference {

    /** The type of artifacts that are images. */
    String TYPE = "docker";

    /** The URI as it was given, without a password. */
    String text();

    /** An OCI layout: a directory. */
    record Layout(String text, Path directory, String tag) implements ImageReference {}

    /** An archive on this machine: of {@code docker save}, or an OCI layout in a tar. */
    record Archive(String text, Path file, String tag) implements ImageReference {}

    /** An archive that is fetched. */
    record Remote(String text, URI url) implements ImageReference {}

    /**
     * An image of a registry.
     *
     * @param host and port; {@code docker.io} is Docker's own
     * @param digest of its manifest; else {@code tag} names it
     * @param userInfo {@code user:password} of the URI
     * @param plain whether the URI asks for HTTP without TLS
     */
    record Registry(
            String text,
            String host,
            String repository,
            String tag,
            Optional<Digest> digest,
            Optional<String> userInfo,
            boolean plain)
            implements ImageReference {

        /** Without a password in what may be shown. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** @throws FlynnException {@code VALIDATION}, saying what is wrong and which forms there are */
    static ImageReference parse(JobSpec.Image image) {
        if (!image.type().equals(TYPE)) {
            throw FlynnException.invalid("an image of type \"%s\" cannot be unpacked; images have the type \"%s\""
                    .formatted(image.type(), TYPE));
        }
        return parse(image.uri());
    }

    static ImageReference parse(String uri) {
        int colon = uri.indexOf(':');
        String rest = uri.substring(colon + 1);
        return switch (colon < 0 ? "" : uri.substring(0, colon)) {
            case "oci" -> layout(uri, rest);
            case "docker-archive", "oci-archive" -> archive(uri, rest);
            case "file" -> new Archive(uri, path(uri, rest.startsWith("//") ? rest.substring(2) : rest), "");
            case "docker" -> registry(uri, rest);
            case "http", "https" -> url(uri);
            default ->
                throw invalid(
                        uri,
                        "known are oci:<directory>[:<tag>], docker-archive:<file>[:<name>:<tag>], file:<archive>,"
                                + " docker://<host>/<repository>[:<tag>|@sha256:<digest>], https://<host>/<archive>,"
                                + " https://<host>?name=<repository>&tag=<tag>");
        };
    }

    private static ImageReference layout(String uri, String rest) {
        int colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
        return colon < 0
                ? new Layout(uri, path(uri, rest), "")
                : new Layout(uri, path(uri, rest.substring(0, colon)), rest.substring(colon + 1));
    }

    private static ImageReference archive(String uri, String rest) {
        int colon = rest.indexOf(':');
        return colon < 0
                ? new Archive(uri, path(uri, rest), "")
                : new Archive(uri, path(uri, rest.substring(0, colon)), rest.substring(colon + 1));
    }

    private static Path path(String uri, String text) {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            // said below
        }
        throw invalid(uri, "the path has to be an absolute one");
    }

    private static ImageReference registry(String uri, String rest) {
        String name = rest.startsWith("//") ? rest.substring(2) : rest;
        Optional<Digest> digest = Optional.empty();
        int at = name.indexOf('@');
        if (at >= 0) {
            String text = name.substring(at + 1);
            if (!text.startsWith("sha256:") || !Digest.isHex(text.substring("sha256:".length()))) {
                throw invalid(uri, "a digest is sha256:<64 hex digits>");
            }
            digest = Optional.of(new Digest(text.substring("sha256:".length())));
            name = name.substring(0, at);
        }
        String tag = "latest";
        int colon = name.lastIndexOf(':');
        if (colon > name.lastIndexOf('/')) {
            tag = name.substring(colon + 1);
            name = name.substring(0, colon);
        }
        int slash = name.indexOf('/');
        String first = slash < 0 ? "" : name.substring(0, slash);
        if (first.contains(".") || first.contains(":") || first.equals("localhost")) {
            return registry(uri, uri, first, name.substring(slash + 1), tag, digest, Optional.empty(), false);
        }
        return registry(uri, uri, "docker.io", name, tag, digest, Optional.empty(), false);
    }

    private static ImageReference registry(
            String uri,
            String text,
            String host,
            String repository,
            String tag,
            Optional<Digest> digest,
            Optional<String> userInfo,
            boolean plain) {
        boolean official = host.equals("docker.io") && !repository.contains("/");
        String name = official ? "library/" + repository : repository;
        if (!name.matches("[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")) {
            throw invalid(uri, "\"%s\" is not the name of a repository".formatted(repository));
        }
        if (!tag.matches("\\w[\\w.-]{0,127}")) {
            throw invalid(uri, "\"%s\" is not a tag".formatted(tag));
        }
        return new Registry(text, host, name, tag, digest, userInfo, plain);
    }

    private static ImageReference url(String uri) {
        URI url;
        try {
            url = new URI(uri);
        } catch (URISyntaxException e) {
            throw invalid(uri, e.getReason());
        }
        if (url.getHost() == null) {
            throw invalid(uri, "it names no host");
        }
        Map<String, String> query = query(url);
        String name = query.get("name");
        if (name == null) {
            return new Remote(uri, url);
        }
        if (query.containsKey("id")) {
            throw invalid(
                    uri,
                    "it asks for an image by id, which only the first version of the registry protocol knew;"
                            + " that is not spoken here, use a tag or docker://%s/%s@sha256:<digest>"
                                    .formatted(url.getHost(), name));
        }
        String authority = url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort();
        boolean docker =
                url.getHost().equals("registry.hub.docker.com") || url.getHost().equals("index.docker.io");
        Optional<String> userInfo = Optional.ofNullable(url.getUserInfo());
        return registry(
                uri,
                userInfo.isEmpty() ? uri : uri.replace(url.getRawUserInfo() + "@", ""),
                docker ? "docker.io" : authority,
                name.contains("/") ? name : "library/" + name,
                query.getOrDefault("tag", "latest"),
                Optional.empty(),
                userInfo,
                uri.startsWith("http:"));
    }

    private static Map<String, String> query(URI url) {
        var parameters = new HashMap<String, String>();
        if (url.getRawQuery() != null) {
            for (String parameter : url.getRawQuery().split("&", -1)) {
                int equals = parameter.indexOf('=');
                if (equals > 0) {
                    parameters.put(
                            parameter.substring(0, equals),
                            URLDecoder.decode(parameter.substring(equals + 1), StandardCharsets.UTF_8));
                }
            }
        }
        return parameters;
    }

    private static FlynnException invalid(String uri, String why) {
        return FlynnException.invalid("\"%s\" is not the URI of an image: %s".formatted(uri, why));
    }
}
