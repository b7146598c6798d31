package dev.flynn.api.release;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What is asked of a job that listens on a port, by the three things that answers decide.
 *
 * @param startup has the job started? Asked until it passes once; with {@code kill_down}, a job that has not passed within the
 *     check's start timeout is killed. Absent: it has started when it runs
 * @param readiness is the job to be chosen? Asked from then on; while it fails, the job is not registered. Absent: it is,
 *     while it runs
 * @param liveness is the job to be left alive? Asked from then on; when it fails, the job is killed. Absent: it is
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record HealthChecks(
        Optional<HealthCheck> startup, Optional<HealthCheck> readiness, Optional<HealthCheck> liveness) {

    /**
     * The checks of a service: the contract's single {@code check} has all three roles, the third only with
     * {@code kill_down}, unless the service has a check of its own for it.
     *
     * @param proto of the port; a TCP port without a check gets one that passes once a connection is accepted
     */
    public static HealthChecks of(Service service, String proto) {
        Optional<HealthCheck> tcp = proto.equals("tcp") ? Optional.of(HealthCheck.tcp()) : Optional.empty();
        Optional<HealthCheck> readiness = service.check().or(() -> tcp);
        return new HealthChecks(
                service.startup().or(() -> readiness),
                readiness,
                service.liveness().or(() -> service.check().filter(HealthCheck::killDown)));
    }

    /** Whether one of them runs a command inside the job. */
    public boolean byCommand() {
        return isCommand(startup) || isCommand(readiness) || isCommand(liveness);
    }

    private static boolean isCommand(Optional<HealthCheck> check) {
        return check.map(HealthCheck::byCommand).orElse(false);
    }
}
