package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one artifact; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ArtifactId(UUID value) implements Id {

    public ArtifactId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static ArtifactId random() {
        return new ArtifactId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static ArtifactId of(String text) {
        return new ArtifactId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
