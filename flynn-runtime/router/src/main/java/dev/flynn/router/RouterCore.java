package dev.flynn.router;

/** What all event loops of a router share. */
final class RouterCore {

    private final RouterConfig config;
    private final StickyCookies cookies;
    private volatile RoutingTable table = RoutingTable.EMPTY;
    private volatile boolean closing;
    private volatile int httpsPort = 443;

    RouterCore(RouterConfig config, StickyCookies cookies) {
        this.config = config;
        this.cookies = cookies;
    }

    RouterConfig config() {
        return config;
    }

    StickyCookies cookies() {
        return cookies;
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
