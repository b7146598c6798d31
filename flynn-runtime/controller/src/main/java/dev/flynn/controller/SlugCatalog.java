package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Release;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The slugs of releases, for whoever takes an app to another cluster or brings it from one (contract: layer 1, App export and
 * import). Which object of the blobstore it is, the release's {@code SLUG_URL} says; only slugs can be had in this way, and
 * none is ever replaced.
 */
public final class SlugCatalog {

    /** Builds name slugs by chance, so that nobody guesses those of others; repositories and caches have other names. */
    private static final Pattern SLUG_URL =
            Pattern.compile(Pattern.quote(ReleaseFiles.BLOBSTORE) + "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tgz");

    private static final String TYPE = "application/gzip";

    private final ClusterState state;
    private final ReleaseUses uses;
    private final ClusterHttp http;

    SlugCatalog(ClusterState state, ControllerTables tables, Discovery discovery) {
        this.state = state;
        this.uses = new ReleaseUses(tables);
        this.http = new ClusterHttp(discovery);
    }

    /** A slug that is to be read; the caller closes it. */
    public static final class Slug implements AutoCloseable {

        private final ClusterHttp.Download download;

        private Slug(ClusterHttp.Download download) {
            this.download = download;
        }

        /** In bytes. */
        public long length() {
            return download.length();
        }

        /** @throws IOException it could not be read to its end, or {@code out} does not take it */
        public void writeTo(OutputStream out) throws IOException {
            long written = download.body().transferTo(out);
            if (written != length()) {
                throw new IOException("the slug has %d bytes and not %d".formatted(written, length()));
            }
        }

        @Override
        public void close() {
            download.close();
        }
    }

    /**
     * Opens the slug of a release of an app.
     *
     * @param key opens the blobstore
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if there is none
     */
    public Slug open(App app, String release, String key) {
        URI url = url(app, release);
        ClusterHttp.Download download = http.download(url, key);
        if (download.status() == 200 && download.length() >= 0) {
            return new Slug(download);
        }
        download.close();
        if (download.status() == 404) {
            throw FlynnException.notFound("slug of release", release);
        }
        throw unexpected(download.status(), "GET", url);
    }

    /**
     * Stores the slug of a release that has none yet.
     *
     * @param length in bytes; content that ends earlier is not stored
     * @param key opens the blobstore
     * @throws FlynnException {@code CONFLICT} if it has one
     */
    public void store(App app, String release, long length, InputStream content, String key) {
        URI url = url(app, release);
        int status = http.upload(url, key, Map.of("If-None-Match", "*", "Content-Type", TYPE), length, content)
                .status();
        switch (status) {
            case 200 -> {}
            case 412 -> throw FlynnException.conflict("release %s has its slug already".formatted(release));
            case 507 ->
                throw new FlynnException(
                        ErrorCode.NO_CAPACITY, "the blobstore has no room for %d more bytes".formatted(length));
            default -> throw unexpected(status, "PUT", url);
        }
    }

    private static FlynnException unexpected(int status, String method, URI url) {
        return FlynnException.unavailable("the blobstore answered %d to %s %s".formatted(status, method, url), null);
    }

    private URI url(App app, String releaseId) {
        Release release = ReleaseCatalog.of(state, uses, app).stream()
                .filter(known -> known.id().toString().equals(releaseId))
                .findFirst()
                .orElseThrow(() -> FlynnException.notFound("release of app " + app.name(), releaseId));
        String url = release.env().getOrDefault("SLUG_URL", "");
        if (url.isEmpty()) {
            throw FlynnException.notFound("slug of release", releaseId);
        }
        if (!SLUG_URL.matcher(url).matches()) {
            throw FlynnException.invalid(
                    "SLUG_URL of release %s names no slug of this cluster: it must be %s<uuid>.tgz, was %s"
                            .formatted(releaseId, ReleaseFiles.BLOBSTORE, url));
        }
        return URI.create(url);
    }
}
