package dev.flynn.spi.resource;

import java.util.Map;
import org.apiguardian.api.API;

/**
 * Provisions resources of one kind for apps: databases, caches, queues.
 *
 * <p>Promises: RP-1 {@link #provision} gives a resource that accepts connections, or an error and nothing left behind.
 * RP-2 {@link #deprovision} is idempotent. RP-3 secrets never reach a log or an error message.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ResourceProvider extends AutoCloseable {

    /**
     * Creates a resource.
     *
     * @param configJson what the client sent as configuration, a JSON object
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if a setting is unknown, {@code NO_CAPACITY} if there
     *     is no room
     */
    Provisioned provision(String configJson);

    /** Deletes a resource and its data; an unknown id is not an error. */
    void deprovision(String externalId);

    @Override
    void close();

    /**
     * What was provisioned.
     *
     * @param externalId the provider's own id
     * @param env how apps reach it; stays the same as long as the resource lives
     */
    record Provisioned(String externalId, Map<String, String> env) {
        public Provisioned {
            env = Map.copyOf(env);
        }

        @Override
        public String toString() {
            return "Provisioned[" + externalId + "]";
        }
    }
}
