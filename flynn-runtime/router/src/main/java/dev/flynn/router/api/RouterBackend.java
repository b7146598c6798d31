package dev.flynn.router.api;

import dev.flynn.api.discovery.Instance;

/**
 * An instance that requests are carried to.
 *
 * @param app the name of its app, empty if it is nobody's job
 * @param jobId the job's id, likewise
 */
public record RouterBackend(String service, String addr, String app, String jobId) {

    /** As jobs tell it of themselves when they are registered. */
    public static RouterBackend of(String service, Instance instance) {
        return new RouterBackend(
                service,
                instance.addr(),
                instance.meta().getOrDefault("FLYNN_APP_NAME", ""),
                instance.meta().getOrDefault("FLYNN_JOB_ID", ""));
    }
}
