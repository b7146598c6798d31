package dev.flynn.store;

import dev.flynn.api.error.FlynnException;

/**
 * A host that keeps a replica of the store.
 *
 * @param id names it for ever; two hosts never have the same
 * @param address where its {@link PeerTransport} is reached
 */
public record StorePeer(String id, String address) {

    private static final int MAX_ID_LENGTH = 128;

    public StorePeer {
        if (id.isBlank() || id.length() > MAX_ID_LENGTH) {
            throw FlynnException.invalid(
                    "the id of a peer has 1 to %d characters, was \"%s\"".formatted(MAX_ID_LENGTH, id));
        }
        if (address.isBlank()) {
            throw FlynnException.invalid("peer \"%s\" has no address".formatted(id));
        }
    }
}
