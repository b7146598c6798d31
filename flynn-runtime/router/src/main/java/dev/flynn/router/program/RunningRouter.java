package dev.flynn.router.program;

import dev.flynn.base.Closer;
import dev.flynn.spi.router.Router;
import java.net.InetSocketAddress;
import java.util.Optional;

/** A job of {@link RouterProgram}, from its start to {@link #close}. */
public final class RunningRouter implements AutoCloseable {

    private final Router router;
    private final StatusServer status;
    private final Closer opened;

    RunningRouter(Router router, StatusServer status, Closer opened) {
        this.router = router;
        this.status = status;
        this.opened = opened;
    }

    public InetSocketAddress httpAddress() {
        return router.httpAddress();
    }

    public Optional<InetSocketAddress> httpsAddress() {
        return router.httpsAddress();
    }

    /** Where {@code /.well-known/status} is served. */
    public InetSocketAddress statusAddress() {
        return status.address();
    }

    /** Stops accepting, lets requests in flight finish for a while, then ends everything. */
    @Override
    public void close() {
        opened.close();
    }
}
