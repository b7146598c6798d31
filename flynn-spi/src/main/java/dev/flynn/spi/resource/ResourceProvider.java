package dev.flynn.spi.resource;

import java.util.Map;
import org.apiguardian.api.API;

/**
 * Provisions resources of one kind for apps: databases, caches, queues.
 *
 * <p>A resource lives from {@link #provision} to {@link #deprovision}, through restarts of the provider and of the cluster.
 * Apps reach it through {@link Provisioned#env}.
 *
 * <pre>{@code
 * Provisioned database = provider.provision(ResourceRequest.withDefaults("0b9d6c2a"));
 * String url = database.env().get("DATABASE_URL");
 * }</pre>
 *
 * <p>Implementations are thread-safe. Their promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>RP-1 {@link #provision} returns a resource that can be used at once, or throws and leaves nothing behind.
 *   <li>RP-2 The same request id gives the same resource, with the same env, until it is deprovisioned: also after the provider
 *       was closed and opened again, and to callers that ask at the same time. So a caller that lost the answer asks again, and
 *       one that does not want the resource any more asks again for its id and deprovisions it.
 *   <li>RP-3 Another request id gives another resource, with another id and other secrets.
 *   <li>RP-4 After {@link #deprovision} the resource and its data are gone and its env is no longer good for anything, even if it
 *       was in use; others stay as they are.
 *   <li>RP-5 {@code deprovision} may be repeated. An id that the provider never gave is ignored or refused with {@code
 *       VALIDATION}, and nothing is deleted.
 *   <li>RP-6 A setting that is unknown or wrong is refused with {@code VALIDATION}, naming it as the field, and nothing is
 *       created.
 *   <li>RP-7 Secrets are in no log, no message and no text form.
 *   <li>RP-8 Calls may come from many threads at once and do not mix up their results.
 *   <li>RP-9 Resources do not depend on the provider running: they can be used while it is closed, and one that is opened
 *       later on the same service deprovisions them.
 *   <li>RP-10 {@link #ping} returns while resources can be provisioned; when the service is away it, and every other call,
 *       throws {@code SERVICE_UNAVAILABLE}, and succeeds again when the service is back.
 * </ul>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ResourceProvider extends AutoCloseable {

    /**
     * Creates a resource, or returns the one that an earlier call with the same request id created.
     *
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if a setting is unknown or wrong, {@code NO_CAPACITY} if there
     *     is no room, {@code SERVICE_UNAVAILABLE} if the service cannot be reached
     */
    Provisioned provision(ResourceRequest request);

    /**
     * Deletes a resource and its data.
     *
     * @param externalId {@link Provisioned#externalId}
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the provider gives no such ids, {@code
     *     SERVICE_UNAVAILABLE} if the service cannot be reached
     */
    void deprovision(String externalId);

    /**
     * Looks whether resources can be provisioned now.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if they cannot
     */
    void ping();

    @Override
    default void close() {}

    /**
     * What was provisioned. Its text form has no values of the env, which are secrets.
     *
     * @param externalId the provider's own id, not blank; holds no secret
     * @param env how apps reach it; stays the same as long as the resource lives
     */
    record Provisioned(String externalId, Map<String, String> env) {
        public Provisioned {
            if (externalId.isBlank()) {
                throw new IllegalArgumentException("the id of a resource must not be blank");
            }
            env = Map.copyOf(env);
        }

        @Override
        public String toString() {
            return "Provisioned[externalId=" + externalId + ", env=" + env.keySet() + "]";
        }
    }
}
