package dev.flynn.host;

import dev.flynn.api.release.HealthCheck;
import java.time.Duration;

/** Asks a job once whether it is well (contract: layer 0, Health checks). It never throws for what the job does. */
@FunctionalInterface
interface Probe {

    /** How long one check may take in all. */
    Duration PATIENCE = Duration.ofSeconds(2);

    Result ask(HealthCheck check);

    /**
     * What one check told.
     *
     * @param said why it failed, as far as that is known; for the operator
     */
    record Result(boolean passed, String said) {

        static final Result PASSED = new Result(true, "");

        static Result failed(String why) {
            return new Result(false, why);
        }
    }

    /** Over the network. */
    static Probe ofAddress(String host, int port) {
        return check -> HealthProbe.passes(check, host, port)
                ? Result.PASSED
                : Result.failed(host + ":" + port + " gives no answer that passes");
    }
}
