package dev.flynn.api.event;

import java.util.Locale;
import org.apiguardian.api.API;

/** What an event is about; the lower-case name is the {@code object_type} on the wire (contract: controller, Events). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum EventType {
    APP,
    APP_DELETION,
    APP_GARBAGE_COLLECTION,
    APP_RELEASE,
    DEPLOYMENT,
    JOB,
    SCALE,
    SCALE_REQUEST,
    /** One l, as later clients know it. */
    SCALE_REQUEST_CANCELATION,
    RELEASE,
    RELEASE_DELETION,
    ARTIFACT,
    PROVIDER,
    RESOURCE,
    RESOURCE_DELETION,
    /** An app was unlinked from a resource that lives on. */
    RESOURCE_APP_DELETION,
    ROUTE,
    ROUTE_DELETION,
    DOMAIN_MIGRATION,
    CLUSTER_BACKUP,
    SINK,
    SINK_DELETION,
    VOLUME,
    /** The certificate of a domain was issued by an authority, or could not be. */
    CERTIFICATE;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
