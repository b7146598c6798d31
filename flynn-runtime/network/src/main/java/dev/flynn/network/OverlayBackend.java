package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** How packets get from one host's jobs to another's. */
public enum OverlayBackend {
    /** Inside UDP packets between the hosts, wherever these are. */
    VXLAN("vxlan"),
    /** As they are, for hosts that are neighbours in one network. */
    HOST_GW("host-gw"),
    /** Not at all, or by what the operator has set up: hosts only get their subnets. */
    ALLOC("alloc");

    private final String wireName;

    OverlayBackend(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    static OverlayBackend of(String wireName) {
        return Arrays.stream(values())
                .filter(backend -> backend.wireName.equals(wireName))
                .findFirst()
                .orElseThrow(() -> FlynnException.invalidField(
                        "backend",
                        "must be one of %s, was \"%s\""
                                .formatted(
                                        Arrays.stream(values())
                                                .map(OverlayBackend::wireName)
                                                .collect(Collectors.joining(", ")),
                                        wireName)));
    }
}
