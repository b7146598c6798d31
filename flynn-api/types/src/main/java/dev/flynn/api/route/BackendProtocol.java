package dev.flynn.api.route;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/** What is spoken with the backends of a route. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum BackendProtocol {
    HTTP_1("http1"),
    /** HTTP/2 without TLS and by prior knowledge, as gRPC servers expect it. */
    H2C("h2c");

    private final String wireName;

    BackendProtocol(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** @throws FlynnException {@code VALIDATION} if there is no such protocol */
    public static BackendProtocol ofWireName(String name) {
        for (BackendProtocol protocol : values()) {
            if (protocol.wireName.equals(name)) {
                return protocol;
            }
        }
        throw FlynnException.invalidField("backend_protocol", "must be http1 or h2c, was \"" + name + "\"");
    }
}
