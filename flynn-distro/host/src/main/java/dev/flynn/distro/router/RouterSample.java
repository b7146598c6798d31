package dev.flynn.distro.router;

import dev.flynn.router.telemetry.Traffic;
import java.util.List;

/**
 * What all routers of the cluster had carried at one moment.
 *
 * @param nanos of the clock of the host that asked them
 */
record RouterSample(long nanos, List<OfRouter> routers) {

    RouterSample {
        routers = List.copyOf(routers);
    }

    /**
     * One router's part.
     *
     * @param addr of its API
     * @param error why it did not tell, empty if it did
     */
    record OfRouter(String addr, String error, Traffic traffic) {

        static OfRouter telling(String addr, Traffic traffic) {
            return new OfRouter(addr, "", traffic);
        }

        static OfRouter silent(String addr, String error) {
            return new OfRouter(addr, error, Traffic.NONE);
        }
    }
}
