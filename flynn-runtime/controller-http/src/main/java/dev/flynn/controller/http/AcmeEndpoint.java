package dev.flynn.controller.http;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.AcmeStatus;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.util.Set;

/** The authority from which a cluster gets certificates. */
@Path("/")
public final class AcmeEndpoint {

    private final ClusterState state;
    private final AcmeState acme;

    AcmeEndpoint(ClusterState state) {
        this.state = state;
        this.acme = new AcmeState(state);
    }

    @GET
    @Path("acme")
    @Told("The authority from which certificates come, and how it stands with each domain.")
    public AcmeStatus status() {
        Set<String> wanted = AcmeState.wanted(
                state.routes().list().stream().map(Versioned::value).toList());
        return new AcmeStatus(acme.settings(), acme.status(wanted));
    }

    @PUT
    @Path("acme")
    @Told("Sets the authority; what failed before is tried again at once.")
    public AcmeStatus enable(AcmeSettings settings) {
        acme.enable(settings);
        return status();
    }

    @DELETE
    @Path("acme")
    @Told("Gets no certificates any more; those that are there serve until they expire.")
    public Response disable() {
        acme.disable();
        return Answers.empty();
    }
}
