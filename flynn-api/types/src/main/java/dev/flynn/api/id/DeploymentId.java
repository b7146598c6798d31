package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one deployment; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record DeploymentId(UUID value) implements Id {

    public DeploymentId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static DeploymentId random() {
        return new DeploymentId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static DeploymentId of(String text) {
        return new DeploymentId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
