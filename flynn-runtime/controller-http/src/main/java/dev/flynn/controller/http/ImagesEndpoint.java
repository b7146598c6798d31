package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Artifact;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.ImageCatalog;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Images that are in no registry: for {@code flynn docker push}. */
@Path("/")
public final class ImagesEndpoint {

    static final String IMAGE = "/apps/{app}/images/{digest}";

    private static final String TAR = "application/x-tar";

    private final AppCatalog apps;
    private final ImageCatalog images;
    private final String key;

    /** @param key opens the blobstore */
    ImagesEndpoint(AppCatalog apps, ImageCatalog images, String key) {
        this.apps = apps;
        this.images = images;
        this.key = key;
    }

    @GET
    @Path("apps/{app}/images/{digest}")
    @Told("The artifact of an image that the app was sent before, by the SHA-256 of its archive.")
    public Artifact get(@PathParam("app") String app, @PathParam("digest") String digest) {
        return images.get(apps.get(app).value(), digest, key);
    }

    @PUT
    @Path("apps/{app}/images/{digest}")
    @Told(
            value = "Stores an image, an archive as docker save writes it, and makes an artifact of it.",
            takes = TAR,
            answer = Artifact.class)
    public Artifact put(
            @PathParam("app") String app,
            @PathParam("digest") String digest,
            @HeaderParam("Content-Length") @Nullable Long length,
            InputStream archive) {
        if (length == null || length == 0) {
            throw FlynnException.invalidField("Content-Length", "is missing: say how long the archive is");
        }
        return images.store(apps.get(app).value(), digest, length, archive, key);
    }
}
