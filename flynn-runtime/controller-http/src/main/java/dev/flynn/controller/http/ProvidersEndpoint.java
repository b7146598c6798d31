package dev.flynn.controller.http;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
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
    @Told("Makes a provider of resources known.")
    public Provider create(ProviderCatalog.NewProvider request) {
        return providers.create(request);
    }

    @GET
    @Path("providers")
    @Told("All providers, newest first.")
    public List<Provider> list() {
        return providers.list();
    }

    @GET
    @Path("providers/{provider}")
    @Told("One provider.")
    public Provider get(@PathParam("provider") String provider) {
        return providers.get(provider);
    }

    @POST
    @Path("providers/{provider}/resources")
    @Told("Lets the provider make a resource, for apps or for none.")
    public Resource provision(@PathParam("provider") String provider, ProviderCatalog.NewResource request) {
        try {
            return providers.provision(provider, request);
        } catch (FlynnException e) {
            throw e.code() == ErrorCode.SERVICE_UNAVAILABLE ? new OutsideFailure(e) : e;
        }
    }

    @GET
    @Path("providers/{provider}/resources")
    @Told("The provider's resources, newest first.")
    public List<Resource> resources(@PathParam("provider") String provider) {
        return providers.of(provider);
    }

    @GET
    @Path("providers/{provider}/resources/{resource}")
    @Told("One resource.")
    public Resource resource(@PathParam("provider") String provider, @PathParam("resource") String resource) {
        return providers.get(provider, resource);
    }

    @PUT
    @Path("providers/{provider}/resources/{resource}")
    @Told("Makes a resource known that the provider has already.")
    public Resource put(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            ProviderCatalog.KnownResource request) {
        return providers.put(provider, resource, request);
    }

    @DELETE
    @Path("providers/{provider}/resources/{resource}")
    @Told("Lets the provider delete a resource.")
    public Resource delete(@PathParam("provider") String provider, @PathParam("resource") String resource) {
        return providers.delete(provider, resource);
    }

    @PUT
    @Path("providers/{provider}/resources/{resource}/apps/{app}")
    @Told("Lets another app use the resource.")
    public Resource link(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            @PathParam("app") String app) {
        return providers.link(provider, resource, app);
    }

    @DELETE
    @Path("providers/{provider}/resources/{resource}/apps/{app}")
    @Told("The app does not use the resource any more, which lives on.")
    public Resource unlink(
            @PathParam("provider") String provider,
            @PathParam("resource") String resource,
            @PathParam("app") String app) {
        return providers.unlink(provider, resource, app);
    }

    @GET
    @Path("resources")
    @Told("All resources, newest first.")
    public List<Resource> allResources() {
        return providers.listResources();
    }

    @GET
    @Path("apps/{app}/resources")
    @Told("The app's resources, newest first.")
    public List<Resource> ofApp(@PathParam("app") String app) {
        return providers.of(apps.get(app).value().id());
    }
}
