package dev.flynn.controller;

import dev.flynn.api.release.Artifact;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

/** Artifacts. */
@Path("/artifacts")
public final class ArtifactsEndpoint {

    private final ReleaseCatalog releases;

    ArtifactsEndpoint(ReleaseCatalog releases) {
        this.releases = releases;
    }

    @POST
    public Artifact create(ReleaseCatalog.NewArtifact request) {
        return releases.createArtifact(request);
    }

    @GET
    public List<Artifact> list() {
        return releases.listArtifacts();
    }

    @GET
    @Path("{artifact}")
    public Artifact get(@PathParam("artifact") String artifact) {
        return releases.getArtifact(artifact);
    }
}
