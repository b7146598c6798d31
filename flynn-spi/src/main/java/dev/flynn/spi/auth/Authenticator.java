package dev.flynn.spi.auth;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Says who stands behind a key.
 *
 * <p>Promises: AU-1 comparing takes the same time wherever keys differ. AU-2 an unknown key is an empty result, never an
 * exception. AU-3 keys never reach a log or a message.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Authenticator extends AutoCloseable {

    /** The principal that the key belongs to. */
    Optional<Principal> authenticate(String key);

    @Override
    default void close() {}

    /** Who sent a request; the name is for logs. */
    record Principal(String name) {}
}
