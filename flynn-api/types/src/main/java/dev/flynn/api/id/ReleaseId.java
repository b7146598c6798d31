package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one release; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ReleaseId(UUID value) implements Id {

    public ReleaseId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static ReleaseId random() {
        return new ReleaseId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static ReleaseId of(String text) {
        return new ReleaseId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
