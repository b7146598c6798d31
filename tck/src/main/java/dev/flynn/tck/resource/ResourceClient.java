package dev.flynn.tck.resource;

import java.util.Optional;
import org.apiguardian.api.API;

/** Uses a resource as an app does, by a connection of its own. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ResourceClient extends AutoCloseable {

    /** Keeps a value in the resource, instead of what it kept before. */
    void write(String value) throws Exception;

    /** The value that is kept in the resource, if there is one. */
    Optional<String> read() throws Exception;

    @Override
    void close() throws Exception;
}
