package dev.flynn.spi.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * A port whose connections are carried to a service, byte by byte.
 *
 * @param id names the route in messages
 * @param port 1 to 65534
 * @param leaderOnly whether only the leader among the backends gets connections
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record TcpRoute(String id, int port, String service, boolean leaderOnly) {

    public TcpRoute {
        requireNonNull(id, "id");
        requireNonNull(service, "service");
        if (port < 1 || port > HttpRoute.MAX_PORT) {
            throw FlynnException.invalidField(
                    "port", "must be 1 to " + HttpRoute.MAX_PORT + ", was " + port + " in route " + id);
        }
    }

    /** A route to whatever backend of the service. */
    public static TcpRoute to(int port, String service) {
        return new TcpRoute("tcp:" + port, port, service, false);
    }

    public TcpRoute withLeaderOnly(boolean changed) {
        return new TcpRoute(id, port, service, changed);
    }

    /** What a router must be able to do for this route. */
    public Set<RouterCapability> needs() {
        return Set.of(RouterCapability.TCP);
    }
}
