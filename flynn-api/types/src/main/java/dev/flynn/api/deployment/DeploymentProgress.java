package dev.flynn.api.deployment;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.ReleaseId;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * The data of a {@code deployment} event: one line of a deployment's progress.
 *
 * @param release the release that the line is about; the old one while its jobs stop
 * @param jobState {@code starting}, {@code up}, {@code stopping}, {@code down}
 * @param error why, with status failed only
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record DeploymentProgress(
        AppId app,
        DeploymentId deployment,
        ReleaseId release,
        DeploymentStatus status,
        Optional<String> jobType,
        Optional<String> jobState,
        Optional<String> error) {}
