package dev.flynn.link.store;

import dev.flynn.link.HostLink;
import dev.flynn.spi.component.Subscription;
import dev.flynn.store.PeerTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Lets the replicas of the cluster store speak over the link of their hosts: a peer's id is its host's. */
public final class LinkPeerTransport implements PeerTransport {

    private static final String SERVICE = "store";

    /** The store has shorter patience itself; this only frees what nobody waits for. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HostLink link;

    public LinkPeerTransport(HostLink link) {
        this.link = link;
    }

    @Override
    public CompletableFuture<ByteBuffer> call(String peer, String address, String method, ByteBuffer request) {
        return link.call(peer, address, SERVICE, method, request, PATIENCE).exceptionally(failure -> {
            Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null
                    ? wrapped.getCause()
                    : failure;
            throw new CompletionException(new IOException(cause.getMessage(), cause));
        });
    }

    @Override
    public Subscription serve(Handler handler) {
        return link.serve(SERVICE, handler::handle);
    }
}
