package dev.flynn.api.discovery;

import org.apiguardian.api.API;

/** The metadata of a service: JSON text, and the index that the next compare-and-set must name. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ServiceMeta(String data, long index) {}
