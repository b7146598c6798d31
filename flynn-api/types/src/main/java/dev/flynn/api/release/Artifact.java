package dev.flynn.api.release;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.ArtifactId;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import org.apiguardian.api.API;

/**
 * Where the bits of a release are.
 *
 * @param type {@code docker} for an image, {@code builtin} for a program inside flynn-host, {@code host} for a program
 *     that runs on the host's own root file system, {@code file} for a file in the blobstore
 * @param uri an absolute URI or a path that starts with a slash
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Artifact(ArtifactId id, String type, String uri, Instant createdAt) {

    public static final String BUILTIN = "builtin";
    public static final String HOST = "host";
    public static final String DOCKER = "docker";

    public Artifact {
        requireNonNull(id, "id");
        requireNonNull(createdAt, "createdAt");
        if (type.isEmpty()) {
            throw FlynnException.invalidField("type", "must not be empty; give docker, builtin or host");
        }
        requireUri(uri);
    }

    private static void requireUri(String uri) {
        try {
            if (!uri.startsWith("/") && !new URI(uri).isAbsolute()) {
                throw FlynnException.invalidField("uri", "must be absolute or start with /, was \"" + uri + "\"");
            }
        } catch (URISyntaxException e) {
            throw FlynnException.invalidField("uri", "is not a URI: " + e.getMessage());
        }
    }
}
