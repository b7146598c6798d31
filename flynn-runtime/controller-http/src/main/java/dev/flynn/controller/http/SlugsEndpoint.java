package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.controller.SlugCatalog;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What an app's releases were built to: for moving the app to another cluster, where the blobstore cannot be reached. */
@Path("/")
public final class SlugsEndpoint {

    static final String SLUG = "/apps/{app}/releases/{release}/slug";

    private static final String GZIP = "application/gzip";

    private final AppCatalog apps;
    private final SlugCatalog slugs;
    private final String key;

    /** @param key opens the blobstore */
    SlugsEndpoint(AppCatalog apps, SlugCatalog slugs, String key) {
        this.apps = apps;
        this.slugs = slugs;
        this.key = key;
    }

    @GET
    @Path("apps/{app}/releases/{release}/slug")
    @Told(value = "The slug of a release, a compressed tar.", media = GZIP)
    public Response get(@PathParam("app") String app, @PathParam("release") String release) {
        SlugCatalog.Slug slug = slugs.open(apps.get(app).value(), ReleaseCatalog.objectId("release", release), key);
        StreamingOutput content = out -> {
            try (slug) {
                slug.writeTo(out);
            }
        };
        return Response.ok(content)
                .type(GZIP)
                .header("Content-Length", slug.length())
                .build();
    }

    @PUT
    @Path("apps/{app}/releases/{release}/slug")
    @Told(value = "Stores the slug of a release that has none yet, where its SLUG_URL says.", takes = GZIP)
    public Response put(
            @PathParam("app") String app,
            @PathParam("release") String release,
            @HeaderParam("Content-Length") @Nullable Long length,
            InputStream slug) {
        if (length == null) {
            throw FlynnException.invalidField("Content-Length", "is missing: say how long the slug is");
        }
        slugs.store(apps.get(app).value(), ReleaseCatalog.objectId("release", release), length, slug, key);
        return Answers.empty();
    }
}
