package dev.flynn.router;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.router.table.Backend;
import dev.flynn.router.table.BackendSet;
import dev.flynn.router.table.Target;
import io.netty.channel.ChannelFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds a backend for one request, and a connection to it: one backend after the other is dialled, until one accepts or none
 * is left. The backend at hand counts as one more in flight until the search is over.
 */
final class BackendSearch {

    /** For how long a kept connection is trusted with a request that cannot be repeated. */
    private static final long TRUSTED_IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Who wants a backend. */
    interface Asker {

        /** A connection, every time that one was asked for. */
        void found(BackendSide connection);

        /** All were tried. */
        void noneFound();
    }

    private final RouterLoop loop;
    private final Target target;
    private final Target.Option option;
    private final @Nullable String stickyWish;
    private final boolean mayUseKept;
    private final long trustedIdleNanos;
    private final RequestTrace trace;
    private final Asker asker;
    private BackendSet backends;
    private List<Backend> tried = List.of();
    private @Nullable Backend backend;
    private @Nullable ChannelFuture dialing;
    private boolean over;

    /**
     * @param stickyWish the address of a backend that comes first
     * @param upgrade whether the connection may leave HTTP, so that it has to be a new one
     * @param repeatable whether the request may be sent once more
     */
    BackendSearch(
            RouterLoop loop,
            Target target,
            @Nullable String stickyWish,
            boolean upgrade,
            boolean repeatable,
            RequestTrace trace,
            Asker asker) {
        this.loop = loop;
        this.target = target;
        this.stickyWish = stickyWish;
        this.mayUseKept = !upgrade && !target.disableKeepAlives() && target.protocol() == BackendProtocol.HTTP_1;
        this.trustedIdleNanos = repeatable ? Long.MAX_VALUE : TRUSTED_IDLE_NANOS;
        this.trace = trace;
        this.asker = asker;
        this.option = target.choose(stickyWish);
        this.backends = option.backends();
    }

    /** The one that is dialled, or that has the request. */
    @Nullable
    Backend backend() {
        return backend;
    }

    String service() {
        return option.service().name();
    }

    /** Whether the client was at the present backend before. */
    boolean isWished() {
        return backend != null && backend.addr().equals(stickyWish);
    }

    /** Whether the present backend is about to end, so that nobody is to notice that it did. */
    boolean hasLeft() {
        return backend != null
                && !loop.core().table().backends(option.service()).has(backend);
    }

    /** Turns to the next backend. */
    void next() {
        Backend next = choose();
        if (next == null) {
            asker.noneFound();
            return;
        }
        backend = next;
        next.begin();
        trace.ask(next, loop.cell(next.meter()));
        BackendConnection kept = mayUseKept ? loop.pool().take(next, trustedIdleNanos) : null;
        if (kept != null) {
            asker.found(kept);
        } else {
            dial(next);
        }
    }

    /** The present backend has begun its response. */
    void answered() {
        if (backend != null) {
            backend.failures().answered();
        }
    }

    /** The present backend took the request and gave no response. */
    void failed() {
        if (backend != null) {
            backend.failures().failed(System.nanoTime());
        }
    }

    /** Dials the present backend once more. */
    void again() {
        if (backend != null) {
            trace.retry();
            dial(backend);
        }
    }

    /** Leaves the present backend for the next one. */
    void another() {
        Backend failing = backend;
        if (failing == null) {
            return;
        }
        failing.end();
        backend = null;
        if (tried.isEmpty()) {
            tried = new ArrayList<>();
        }
        tried.add(failing);
        trace.retry();
        next();
    }

    /** Ends the search, and with it the request's count at its backend. */
    void close() {
        over = true;
        if (dialing != null) {
            dialing.cancel(false);
            dialing = null;
        }
        if (backend != null) {
            backend.end();
            backend = null;
        }
    }

    /** Ends the search; whoever takes the backend ends the request's count there. */
    @Nullable
    Backend surrender() {
        Backend carried = backend;
        over = true;
        backend = null;
        return carried;
    }

    /** When all were tried in vain, the newest table may know others. */
    private @Nullable Backend choose() {
        while (true) {
            Backend wished = stickyWish == null ? null : backends.named(stickyWish, tried);
            Backend chosen = wished == null ? backends.choose(tried) : wished;
            if (chosen != null) {
                return chosen;
            }
            BackendSet newest = loop.core().table().backends(option.service());
            if (newest == backends) {
                return null;
            }
            backends = newest;
        }
    }

    private void dial(Backend dialed) {
        int patience =
                RouterConfig.millis(target.dialTimeout(loop.core().config().dialTimeout()));
        if (target.protocol() == BackendProtocol.H2C) {
            loop.http2Backends().open(dialed, patience, this::connected, this::refused);
        } else {
            dialing = BackendConnection.dial(loop, dialed, patience, this::connected, this::refused);
        }
    }

    private void connected(BackendSide fresh) {
        dialing = null;
        fresh.backend().failures().accepted();
        if (over) {
            fresh.close();
        } else {
            asker.found(fresh);
        }
    }

    private void refused() {
        dialing = null;
        if (!over && backend != null) {
            backend.failures().refused(System.nanoTime());
            trace.notAccepted();
            another();
        }
    }
}
