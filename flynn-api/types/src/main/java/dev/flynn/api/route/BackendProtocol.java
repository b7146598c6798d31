package dev.flynn.api.route;

import org.apiguardian.api.API;

/** What is spoken with the backends of a route. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum BackendProtocol {
    HTTP_1,
    /** HTTP/2 without TLS and by prior knowledge, as gRPC servers expect it. */
    H2C
}
