package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.policy.Nonces;
import dev.flynn.router.policy.StickyCookies;
import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.telemetry.AccessLog;
import org.jspecify.annotations.Nullable;

/** What all event loops of a router share. */
final class RouterCore {

    private final RouterConfig config;
    private final StickyCookies cookies;
    private final Nonces nonces;
    private final Meters meters;
    private final @Nullable AccessLog accessLog;
    private final byte[] unavailablePage;
    private volatile RoutingTable table = RoutingTable.EMPTY;
    private volatile boolean closing;
    private volatile int httpsPort = 443;

    /**
     * @param key 32 bytes that routers share which understand each other's cookies and nonces
     * @param unavailablePage that clients see instead of the router's own with 503; none if it is empty
     */
    RouterCore(RouterConfig config, byte[] key, Meters meters, @Nullable AccessLog accessLog, byte[] unavailablePage) {
        this.config = config;
        this.cookies = new StickyCookies(key);
        this.nonces = new Nonces(key, System::currentTimeMillis);
        this.meters = meters;
        this.accessLog = accessLog;
        this.unavailablePage = unavailablePage;
    }

    RouterConfig config() {
        return config;
    }

    StickyCookies cookies() {
        return cookies;
    }

    Nonces nonces() {
        return nonces;
    }

    Meters meters() {
        return meters;
    }

    /** As clients see it: with the operator's page, if there is one for it. */
    Answer shown(Answer answer) {
        return unavailablePage.length > 0 && answer.status() == 503 ? answer.orPage(unavailablePage) : answer;
    }

    /** Null if nobody wants one. */
    @Nullable
    AccessLog accessLog() {
        return accessLog;
    }

    RoutingTable table() {
        return table;
    }

    void replaceTable(RoutingTable next) {
        table = next;
    }

    /** Where clients find TLS. */
    int httpsPort() {
        return httpsPort;
    }

    void httpsPort(int port) {
        httpsPort = port;
    }

    boolean isClosing() {
        return closing;
    }

    void startClosing() {
        closing = true;
    }
}
