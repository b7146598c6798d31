package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.release.Artifact;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Images that were sent to an app as archives, as {@code docker save} writes them. They are in the blobstore, from where hosts
 * fetch them, and go when no release has them any more.
 */
public final class ImageCatalog {

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    private static final String TYPE = "application/x-tar";

    private final ClusterState state;
    private final ReleaseCatalog releases;
    private final ClusterHttp http;

    ImageCatalog(ClusterState state, ReleaseCatalog releases, Discovery discovery) {
        this.state = state;
        this.releases = releases;
        this.http = new ClusterHttp(discovery);
    }

    /**
     * The image that was sent before.
     *
     * @param digest SHA-256 of the archive, in hexadecimal digits
     * @param key opens the blobstore
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it was not, or is gone
     */
    public Artifact get(App app, String digest, String key) {
        return known(app, requireDigest(digest))
                .filter(artifact -> isStored(artifact, key))
                .orElseThrow(() -> FlynnException.notFound("image", digest));
    }

    private Optional<Artifact> known(App app, String digest) {
        return state.artifacts().list().stream()
                .map(Versioned::value)
                .filter(artifact -> artifact.type().equals(Artifact.DOCKER)
                        && artifact.uri().startsWith(ReleaseFiles.imagesOf(app.id()) + digest))
                .findFirst();
    }

    private boolean isStored(Artifact artifact, String key) {
        URI url = URI.create(artifact.uri());
        int status = http.send("HEAD", url, Optional.of(key), Optional.empty()).status();
        return switch (status) {
            case 200 -> true;
            case 404 -> false;
            default -> throw unexpected(status, "HEAD", url);
        };
    }

    /**
     * Stores an image. It has a name that no other ever has, so that one that is being deleted cannot be meant.
     *
     * @param digest SHA-256 of the archive; other content is not stored
     * @param length in bytes; content that ends earlier is not stored
     * @param key opens the blobstore
     */
    public Artifact store(App app, String digest, long length, InputStream content, String key) {
        URI url = url(app.id(), requireDigest(digest));
        var verified = new VerifiedInputStream(content, length, digest);
        int status = upload(url, verified, length, key);
        switch (status) {
            case 200 -> {
                return releases.createArtifact(ReleaseCatalog.NewArtifact.of(Artifact.DOCKER, url.toString()));
            }
            case 507 ->
                throw new FlynnException(
                        ErrorCode.NO_CAPACITY, "the blobstore has no room for %d more bytes".formatted(length));
            default -> throw unexpected(status, "PUT", url);
        }
    }

    private int upload(URI url, VerifiedInputStream content, long length, String key) {
        try {
            return http.upload(url, key, Map.of("Content-Type", TYPE), length, content)
                    .status();
        } catch (FlynnException e) {
            content.failure().ifPresent(why -> {
                throw FlynnException.invalid(why);
            });
            throw e;
        }
    }

    private static URI url(AppId app, String digest) {
        String unique = UUID.randomUUID().toString().substring(0, 8);
        return URI.create(ReleaseFiles.imagesOf(app) + digest + "-" + unique + ".tar");
    }

    private static String requireDigest(String digest) {
        if (!DIGEST.matcher(digest).matches()) {
            throw FlynnException.invalid(
                    "an image is named by the SHA-256 of its archive, 64 hexadecimal digits, not by \"" + digest
                            + "\"");
        }
        return digest;
    }

    private static FlynnException unexpected(int status, String method, URI url) {
        return FlynnException.unavailable("the blobstore answered %d to %s %s".formatted(status, method, url), null);
    }
}
