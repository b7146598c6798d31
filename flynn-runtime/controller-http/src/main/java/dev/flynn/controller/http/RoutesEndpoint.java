package dev.flynn.controller.http;

import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.id.AppId;
import dev.flynn.api.route.Route;
import dev.flynn.controller.AppCatalog;
import dev.flynn.state.route.NewRoute;
import dev.flynn.state.route.RouteCatalog;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** Routes of an app. */
@Path("/")
public final class RoutesEndpoint {

    private final AppCatalog apps;
    private final RouteCatalog routes;

    RoutesEndpoint(AppCatalog apps, RouteCatalog routes) {
        this.apps = apps;
        this.routes = routes;
    }

    @GET
    @Path("routes")
    @Told("The routes of all apps, newest first.")
    public List<Route> all() {
        return routes.list();
    }

    @POST
    @Path("apps/{app}/routes")
    @Told("Creates a route.")
    public Route create(@PathParam("app") String app, NewRoute request) {
        return routes.create(id(app), request);
    }

    @GET
    @Path("apps/{app}/routes")
    @Told("The app's routes, newest first.")
    public List<Route> list(@PathParam("app") String app) {
        return routes.of(id(app));
    }

    @GET
    @Path("apps/{app}/routes/{type}/{id}")
    @Told("One route.")
    public Route get(@PathParam("app") String app, @PathParam("type") String type, @PathParam("id") String id) {
        return routes.get(id(app), type, id);
    }

    @GET
    @Path("apps/{app}/routes/{type}/{id}/certificate")
    @Told("How it stands with the certificate that the cluster gets for a route with auto_tls.")
    public DomainCertificate certificate(
            @PathParam("app") String app, @PathParam("type") String type, @PathParam("id") String id) {
        return routes.certificate(id(app), type, id);
    }

    @PUT
    @Path("apps/{app}/routes/{type}/{id}")
    @Told("Replaces everything of a route but its domain.")
    public Route update(
            @PathParam("app") String app,
            @PathParam("type") String type,
            @PathParam("id") String id,
            NewRoute request) {
        return routes.update(id(app), type, id, request);
    }

    @DELETE
    @Path("apps/{app}/routes/{type}/{id}")
    @Told("Deletes a route.")
    public Response delete(@PathParam("app") String app, @PathParam("type") String type, @PathParam("id") String id) {
        routes.delete(id(app), type, id);
        return Answers.empty();
    }

    private AppId id(String app) {
        return apps.get(app).value().id();
    }
}
