package dev.flynn.controller.http;

import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.ProviderCatalog;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

/** Providers and their resources. */
@Path("/")
public final class ProvidersEndpoint {

    private final AppCatalog apps;
    private final ProviderCatalog providers;

    ProvidersEndpoint(AppCatalog apps, ProviderCatalog providers) {
        this.apps = apps;
        this.providers = providers;
    }

    @POST
    @Path("providers")
    public Provider create(ProviderCatalog.NewProvider request) {
        return providers.create(request);
    }

    @GET
    @Path("providers")
    public List<Provider> list() {
        return providers.list();
    }

    @GET
    @Path("providers/{provider}")
    public Provider get(@PathParam("provider") String provider) {
        return providers.get(provider);
    }

    @POST
    @Path("providers/{provider}/resources")
    public Resource provision(@PathParam("provider") String provider, ProviderCatalog.NewResource request) {
        return providers.provision(provider, request);
    }

    @GET
    @Path("providers/{provider}/resources")
    public List<Resource> resources(@PathParam("provider") String provider) {
        return providers.of(provider);
    }

    @GET
    @Path("providers/{provider}/resources/{resource}")
    public Resource resource(@PathParam("provider") String provider, @PathParam("resource") String resource) {
        return providers.get(provider, resource);
    }

    @PUT
    @Path("providers/{provider}/resources/{resource}")
    public Resource put(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            ProviderCatalog.KnownResource request) {
        return providers.put(provider, resource, request);
    }

    @DELETE
    @Path("providers/{provider}/resources/{resource}")
    public Resource delete(@PathParam("provider") String provider, @PathParam("resource") String resource) {
        return providers.delete(provider, resource);
    }

    @PUT
    @Path("providers/{provider}/resources/{resource}/apps/{app}")
    public Resource link(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            @PathParam("app") String app) {
        return providers.link(provider, resource, app);
    }

    @DELETE
    @Path("providers/{provider}/resources/{resource}/apps/{app}")
    public Resource unlink(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            @PathParam("app") String app) {
        return providers.unlink(provider, resource, app);
    }

    @GET
    @Path("resources")
    public List<Resource> allResources() {
        return providers.listResources();
    }

    @GET
    @Path("apps/{app}/resources")
    public List<Resource> ofApp(@PathParam("app") String app) {
        return providers.of(apps.get(app).value().id());
    }
}
