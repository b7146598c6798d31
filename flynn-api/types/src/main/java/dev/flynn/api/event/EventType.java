package dev.flynn.api.event;

import java.util.Locale;
import org.apiguardian.api.API;

/** What an event is about; the lower-case name is the {@code object_type} on the wire (contract: controller, Events). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum EventType {
    APP,
    APP_DELETION,
    APP_RELEASE,
    DEPLOYMENT,
    JOB,
    SCALE,
    RELEASE,
    ARTIFACT,
    PROVIDER,
    RESOURCE,
    RESOURCE_DELETION,
    ROUTE,
    ROUTE_DELETION,
    DOMAIN_MIGRATION;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
