package dev.flynn.api.id;

import static java.util.Objects.requireNonNull;

import java.util.UUID;
import org.apiguardian.api.API;

/** The identity of one provider; a plain UUID on the wire. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ProviderId(UUID value) implements Id {

    public ProviderId {
        requireNonNull(value, "value");
    }

    /** A fresh id. */
    public static ProviderId random() {
        return new ProviderId(UUID.randomUUID());
    }

    /**
     * Parses an id, with or without dashes.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static ProviderId of(String text) {
        return new ProviderId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
