package dev.flynn.router.program;

import dev.flynn.base.Closer;
import dev.flynn.router.api.RouterApi;
import dev.flynn.spi.router.Router;
import java.net.InetSocketAddress;
import java.util.Optional;

/** A job of {@link RouterProgram}, from its start to {@link #close}. */
public final class RunningRouter implements AutoCloseable {

    private final Router router;
    private final RouterApi api;
    private final Closer opened;

    RunningRouter(Router router, RouterApi api, Closer opened) {
        this.router = router;
        this.api = api;
        this.opened = opened;
    }

    public InetSocketAddress httpAddress() {
        return router.httpAddress();
    }

    public Optional<InetSocketAddress> httpsAddress() {
        return router.httpsAddress();
    }

    /** Where the router's API is served. */
    public InetSocketAddress apiAddress() {
        return api.address();
    }

    /** Stops accepting, lets requests in flight finish for a while, then ends everything. */
    @Override
    public void close() {
        opened.close();
    }
}
