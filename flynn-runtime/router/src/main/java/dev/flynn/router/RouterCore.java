package dev.flynn.router;

/** What all event loops of a router share. */
final class RouterCore {

    private final RouterConfig config;
    private final StickyCookies cookies;
    private final Nonces nonces;
    private volatile RoutingTable table = RoutingTable.EMPTY;
    private volatile boolean closing;
    private volatile int httpsPort = 443;

    /** @param key 32 bytes that routers share which understand each other's cookies and nonces */
    RouterCore(RouterConfig config, byte[] key) {
        this.config = config;
        this.cookies = new StickyCookies(key);
        this.nonces = new Nonces(key, System::currentTimeMillis);
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
