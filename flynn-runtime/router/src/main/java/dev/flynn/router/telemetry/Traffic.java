package dev.flynn.router.telemetry;

import java.util.List;

/**
 * What a router has carried.
 *
 * @param routes that have carried anything
 * @param backends that were asked anything
 * @param unrouted requests that no route was found for
 */
public record Traffic(List<OfRoute> routes, List<OfBackend> backends, TrafficCounts unrouted) {

    /** The name of what is counted together because there is too much of it. */
    public static final String OTHERS = "others";

    public static final Traffic NONE = new Traffic(List.of(), List.of(), TrafficCounts.NONE);

    public Traffic {
        routes = List.copyOf(routes);
        backends = List.copyOf(backends);
    }

    /**
     * What a route has carried for as long as it is in the table.
     *
     * @param id of the route, or {@link #OTHERS}
     * @param domain of a TCP route {@code tcp:} and its port
     * @param path of a TCP route empty
     */
    public record OfRoute(String id, String domain, String path, TrafficCounts counts) {

        public static OfRoute tcp(String id, int port, TrafficCounts counts) {
            return new OfRoute(id, "tcp:" + port, "", counts);
        }
    }

    /**
     * What was carried to an address for as long as it is in the table.
     *
     * @param addr {@code host:port}, or {@link #OTHERS}
     */
    public record OfBackend(String addr, TrafficCounts counts) {}
}
