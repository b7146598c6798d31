package dev.flynn.api.deployment;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * The move of an app from one release to another.
 *
 * @param oldRelease absent for the first deployment
 * @param processes the old formation's counts when the deployment was created
 * @param deployTimeout seconds, copied from the app
 * @param finishedAt set before a rollback begins
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Deployment(
        DeploymentId id,
        AppId app,
        Optional<ReleaseId> oldRelease,
        ReleaseId newRelease,
        Strategy strategy,
        DeploymentStatus status,
        Map<String, Integer> processes,
        int deployTimeout,
        Instant createdAt,
        Optional<Instant> finishedAt) {

    public Deployment {
        processes = Map.copyOf(processes);
    }
}
