package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one route; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record RouteId(UUID value) implements Id {

    public RouteId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static RouteId random() {
        return new RouteId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static RouteId of(String text) {
        return new RouteId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
