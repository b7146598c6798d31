package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one app; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AppId(UUID value) implements Id {

    public AppId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static AppId random() {
        return new AppId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static AppId of(String text) {
        return new AppId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
