package dev.flynn.controller.http;

import dev.flynn.api.deployment.Deployment;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.DeploymentCatalog;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;
import java.util.Optional;

/** Deployments. */
@Path("/")
public final class DeploymentsEndpoint {

    private final AppCatalog apps;
    private final DeploymentCatalog deployments;

    DeploymentsEndpoint(AppCatalog apps, DeploymentCatalog deployments) {
        this.apps = apps;
        this.deployments = deployments;
    }

    /**
     * What to deploy.
     *
     * @param id the release
     * @param oldRelease the app's current release, of which this one was made, {@code ""} if it has none; told, it has to be
     *     that still
     */
    public record NewDeployment(String id, Optional<String> oldRelease) {}

    @POST
    @Path("apps/{app}/deploy")
    @Told("Deploys a release; the events of the deployment tell how it goes.")
    public Deployment deploy(@PathParam("app") String app, NewDeployment request) {
        return deployments.create(app, request.id(), request.oldRelease());
    }

    /**
     * Of which jobs.
     *
     * @param type all, where it is empty
     */
    public record Restart(String type) {}

    @POST
    @Path("apps/{app}/restart")
    @Told("Replaces the jobs of the current release, or those of one type, by fresh ones.")
    public Deployment restart(@PathParam("app") String app, Restart restart) {
        return deployments.restart(app, Optional.of(restart.type()).filter(type -> !type.isEmpty()));
    }

    @POST
    @Path("apps/{app}/deployments/{deployment}/cancel")
    @Told("Gives up a deployment that is under way; the former formation comes back.")
    public Deployment cancel(@PathParam("app") String app, @PathParam("deployment") String deployment) {
        return deployments.cancel(app, deployment);
    }

    @POST
    @Path("apps/{app}/deployments/{deployment}/promote")
    @Told("Lets a canary that is held go on to the end.")
    public Deployment promote(@PathParam("app") String app, @PathParam("deployment") String deployment) {
        return deployments.promote(app, deployment);
    }

    @GET
    @Path("apps/{app}/deployments")
    @Told("The app's deployments, newest first.")
    public List<Deployment> list(@PathParam("app") String app) {
        return deployments.of(apps.get(app).value().id());
    }

    @GET
    @Path("deployments/{deployment}")
    @Told("One deployment.")
    public Deployment get(@PathParam("deployment") String deployment) {
        return deployments.get(deployment);
    }
}
