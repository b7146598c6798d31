package dev.flynn.controller.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.ConnectionProbe;

/**
 * The connections that a server has accepted. Grizzly forgets one that it accepts while it stops: the client would wait for an
 * answer for ever.
 */
final class OpenConnections extends ConnectionProbe.Adapter {

    private final Set<Connection<?>> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    @Override
    @SuppressWarnings("rawtypes") // as Grizzly declares it
    public void onAcceptEvent(Connection server, Connection client) {
        open.add(client);
        if (closed) {
            client.terminateSilently();
        }
    }

    @Override
    @SuppressWarnings("rawtypes")
    public void onCloseEvent(Connection connection) {
        open.remove(connection);
    }

    /** Closes all, and those that are accepted from now on. */
    void close() {
        closed = true;
        open.forEach(Connection::terminateSilently);
    }
}
