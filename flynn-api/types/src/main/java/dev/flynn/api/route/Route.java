package dev.flynn.api.route;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.RouteId;
import java.time.Instant;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A domain, with a path, or a port that leads to a service (contract: controller, Route; layer 1, Router).
 *
 * @param type {@code http} or {@code tcp}
 * @param parentRef who owns the route: {@code controller/apps/<app id>}
 * @param domain of an http route: an exact host or {@code *.suffix}
 * @param path of an http route: starts and ends with a slash
 * @param port of a tcp route: 1 to 65534
 * @param leader whether only the leader of the service gets traffic
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Route(
        String type,
        RouteId id,
        String parentRef,
        String service,
        Optional<String> domain,
        Optional<String> path,
        Optional<Integer> port,
        Optional<String> tlsCert,
        Optional<String> tlsKey,
        boolean sticky,
        boolean leader,
        Instant createdAt,
        Instant updatedAt) {

    public static final String HTTP = "http";
    public static final String TCP = "tcp";

    public Route {
        if (!type.equals(HTTP) && !type.equals(TCP)) {
            throw FlynnException.invalidField("type", "Invalid route type");
        }
    }

    /** The id as users see it and URLs carry it: {@code http/<uuid>}. */
    public String formattedId() {
        return type + "/" + id;
    }

    @Override
    public String toString() {
        return formattedId() + " " + domain.orElse("") + path.orElse("")
                + port.map(p -> ":" + p).orElse("") + " -> " + service;
    }
}
