package dev.flynn.api.error;

import org.apiguardian.api.API;

/** Whose fault a failure is, for operators who count failures. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum ErrorType {
    /** The request: repeating it unchanged fails again. */
    USER,
    /** Something outside the platform, or not reachable now: repeating may help. */
    EXTERNAL,
    /** The cluster is out of room. */
    RESOURCES,
    /** A defect of the platform. */
    INTERNAL
}
