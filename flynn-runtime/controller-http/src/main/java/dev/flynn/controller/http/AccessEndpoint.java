package dev.flynn.controller.http;

import dev.flynn.access.NamedKeys;
import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.IssuedKey;
import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.spi.auth.Principal;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import java.util.Comparator;
import java.util.List;

/** Keys of this API. */
@Path("/")
public final class AccessEndpoint {

    private final NamedKeys keys;

    AccessEndpoint(NamedKeys keys) {
        this.keys = keys;
    }

    @GET
    @Path("access")
    @Told("Whose key the request came with.")
    public KeyHolder holder(@Context ContainerRequestContext request) {
        Principal principal = Visit.of(request).principal();
        return new KeyHolder(
                principal.name(),
                principal.scopes().stream()
                        .sorted(Comparator.comparing(Scope::toString))
                        .toList());
    }

    @GET
    @Path("access-keys")
    @Told("All keys, without what is secret of them.")
    public List<AccessKey> list() {
        return keys.list();
    }

    /** The only answer that has the key. */
    @POST
    @Path("access-keys")
    @Told("Makes a key; only this answer has it.")
    public IssuedKey create(NewAccessKey request) {
        return keys.create(request);
    }

    @DELETE
    @Path("access-keys/{key}")
    @Told("Ends a key.")
    public AccessKey revoke(@PathParam("key") String key) {
        return keys.revoke(key);
    }
}
