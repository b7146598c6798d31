package dev.flynn.controller.http;

import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.error.FlynnException;
import dev.flynn.controller.ClusterBackup;
import dev.flynn.controller.ClusterBackups;
import dev.flynn.controller.DomainMigrations;
import dev.flynn.json.ErrorBody;
import dev.flynn.state.ClusterState;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is not about one app: health, the cluster's certificate. */
@Path("/")
public final class ClusterEndpoint {

    private static final Logger log = LoggerFactory.getLogger(ClusterEndpoint.class);

    /**
     * Clients of 2021 take a version of this form for what the cluster can do: from 2017-03-09 on they scale by requests, and
     * from 2019-04-25 on they upload images, which is not possible here.
     */
    static final String VERSION = "v20170309.0";

    private static final String TAR = "application/tar";

    private final ClusterState state;
    private final ControllerConfig config;
    private final DomainMigrations migrations;
    private final ClusterBackups backups;

    ClusterEndpoint(ClusterState state, ControllerConfig config, DomainMigrations migrations, ClusterBackups backups) {
        this.state = state;
        this.config = config;
        this.migrations = migrations;
        this.backups = backups;
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

    /** Who asks for JSON is told of the latest backup; anybody else gets a new one. */
    @GET
    @Path("backup")
    @Told(value = "A backup of the cluster, or what became of the latest.", answer = ClusterBackup.class, media = TAR)
    public Response backup(@HeaderParam("Accept") @DefaultValue("") String accept) {
        if (accept.contains("json")) {
            return Answers.json(backups.latest().orElseThrow(() -> FlynnException.notFound("backup", "latest")));
        }
        ClusterBackups.Backup backup = backups.begin(config.authKeys().get(0));
        return Response.ok((StreamingOutput) backup::write)
                .type(TAR)
                .header("Content-Disposition", "attachment; filename=\"%s\"".formatted(backup.fileName()))
                .build();
    }

    @PUT
    @Path("domain")
    @Told("Moves the cluster to another domain; the event domain_migration tells when it is done.")
    public DomainMigration migrateDomain(DomainMigration request) {
        return migrations.create(request);
    }
}
