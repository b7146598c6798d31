package dev.flynn.api.release;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A service that a job registers in.
 *
 * @param create whether the service is created when it does not exist
 * @param check decides when the job is registered; without a check that is as soon as it runs
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Service(String name, boolean create, Optional<HealthCheck> check) {}
