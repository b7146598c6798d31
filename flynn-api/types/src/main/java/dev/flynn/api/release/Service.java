package dev.flynn.api.release;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A service that a job registers in. The contract knows one check, which says when the job has started, when it is chosen, and
 * with {@code kill_down} when it is killed; the two others take one of these roles from it. {@link HealthChecks} tells which
 * check has which role.
 *
 * @param create whether the service is created when it does not exist
 * @param check decides when the job is registered; a TCP port that has none gets one that passes once a connection is accepted
 * @param startup passes once the job has started; until then no other check is made
 * @param liveness a job that fails it is killed, and its scheduler restarts it
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Service(
        String name,
        boolean create,
        Optional<HealthCheck> check,
        Optional<HealthCheck> startup,
        Optional<HealthCheck> liveness) {

    /** With the contract's one check. */
    public Service(String name, boolean create, Optional<HealthCheck> check) {
        this(name, create, check, Optional.empty(), Optional.empty());
    }
}
