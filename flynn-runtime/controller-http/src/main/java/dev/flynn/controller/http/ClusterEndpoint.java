package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.state.ClusterState;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is not about one app: health, the cluster's certificate. */
@Path("/")
public final class ClusterEndpoint {

    private static final Logger log = LoggerFactory.getLogger(ClusterEndpoint.class);

    /** Clients of 2021 take a version of this form and before 2016-10-18 for a cluster without the endpoints of 2021. */
    static final String VERSION = "v20151214.2";

    private final ClusterState state;
    private final ControllerConfig config;

    ClusterEndpoint(ClusterState state, ControllerConfig config) {
        this.state = state;
        this.config = config;
    }

    /** The form of what {@link #status} answers. */
    record Status(Data data) {

        record Data(String status, String version, Ports detail) {}

        record Ports(int httpPort, int httpsPort) {}
    }

    @GET
    @Path(".well-known/status")
    @Told(
            value = "Whether the controller is healthy, and its version.",
            answer = Status.class,
            failure = {Status.class, ErrorBody.class})
    public Response status() {
        boolean healthy = isHealthy();
        String status = """
                {
                  "data": {
                    "status": "%s",
                    "version": "%s",
                    "detail": {
                      "http_port": %d,
                      "https_port": %d
                    }
                  }
                }
                """.formatted(
                        healthy ? "healthy" : "unhealthy",
                        VERSION,
                        config.httpPort().orElse(80),
                        config.httpsPort().orElse(443));
        return Response.status(healthy ? 200 : 500)
                .entity(status)
                .type(MediaType.APPLICATION_JSON_TYPE)
                .build();
    }

    private boolean isHealthy() {
        try {
            var unused = state.store().get("health");
            return true;
        } catch (FlynnException | IllegalStateException e) {
            log.atWarn().setCause(e).log("cluster store does not answer");
            return false;
        }
    }

    @GET
    @Path("ca-cert")
    @Told(value = "The certificate of the cluster's authority.", media = "application/x-x509-ca-cert")
    public Response caCert() {
        return Response.ok(config.caCert(), "application/x-x509-ca-cert").build();
    }

    @GET
    @Path("backup")
    @Told(value = "A backup of the cluster.", media = "application/tar")
    public Response backup() {
        throw FlynnException.unsupported("backup of the cluster");
    }

    @PUT
    @Path("domain")
    @Told("Moves the cluster to another domain.")
    public Response migrateDomain() {
        throw FlynnException.unsupported("migration to another domain");
    }
}
