package dev.flynn.api.deployment;

import java.util.Locale;
import org.apiguardian.api.API;

/** How far a deployment is. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum DeploymentStatus {
    PENDING,
    RUNNING,
    COMPLETE,
    FAILED;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isFinished() {
        return this == COMPLETE || this == FAILED;
    }
}
