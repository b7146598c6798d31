package dev.flynn.router.tls;

import dev.flynn.spi.router.RouteTable.Certificate;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The TLS of a router's certificates: what is loaded here is released here. The engine is chosen with the first certificate, so
 * that a router without TLS does not load one. Thread-safe.
 */
public final class TlsContexts implements AutoCloseable {

    private final TlsEngine.Kind kind;
    private final boolean legacy;
    private final byte[] ticketSecret;

    /** By identity: contexts have no equality of their own. */
    private final Set<SslContext> loaded = ConcurrentHashMap.newKeySet();

    private @Nullable TlsEngine engine;

    public TlsContexts(TlsEngine.Kind kind, boolean legacy, byte[] ticketSecret) {
        this.kind = kind;
        this.legacy = legacy;
        this.ticketSecret = ticketSecret.clone();
    }

    private synchronized TlsEngine engine() {
        if (engine == null) {
            engine = TlsEngine.choose(kind, legacy, ticketSecret);
        }
        return engine;
    }

    /** See {@link ServerCertificates#load}. */
    public SslContext load(Certificate certificate) {
        SslContext context = ServerCertificates.load(certificate, engine());
        loaded.add(context);
        return context;
    }

    /** Once nobody begins a handshake with them any more; connections that use one keep what they need. */
    public void release(Collection<SslContext> contexts) {
        for (SslContext context : contexts) {
            if (loaded.remove(context)) {
                ReferenceCountUtil.release(context);
            }
        }
    }

    /** How many there are. */
    public int size() {
        return loaded.size();
    }

    /** Changes the keys of session tickets in time. */
    public void refreshOn(EventExecutor executor) {
        Instant now = Instant.now();
        var unused = executor.schedule(
                () -> {
                    loaded.forEach(engine()::refresh);
                    refreshOn(executor);
                },
                Duration.between(now, TicketKeys.changeAfter(now)).toMillis() + 1,
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        release(Set.copyOf(loaded));
    }
}
