package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one resource; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ResourceId(UUID value) implements Id {

    public ResourceId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static ResourceId random() {
        return new ResourceId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static ResourceId of(String text) {
        return new ResourceId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
