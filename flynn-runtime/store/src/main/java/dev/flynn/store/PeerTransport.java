package dev.flynn.store;

import dev.flynn.spi.component.Subscription;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * How the peers of a store reach each other: calls with an answer, between peers that know each other by name.
 *
 * <p>The store supplies everything else: it numbers, retries, times out and checks what it sends. A transport may lose,
 * delay and repeat calls and answers, and reorder those of different peers; it keeps the order of the calls from one peer to
 * another as long as a connection lasts, since the store is slow where it does not. Implementations are thread-safe.
 */
public interface PeerTransport {

    /**
     * Calls a peer.
     *
     * @param peer who must answer; a transport that can tell refuses anybody else
     * @param address where the peer was last known to be, in the transport's own form
     * @param method one of the store's methods, {@code store/append} for example
     * @param request belongs to the transport from now on
     * @return the answer, which belongs to the caller; or fails with an {@link java.io.IOException}; or never completes
     */
    CompletableFuture<ByteBuffer> call(String peer, String address, String method, ByteBuffer request);

    /** Has calls answered by this handler until the subscription is closed. */
    Subscription serve(Handler handler);

    /** Answers calls; returns at once and answers later, on a thread of its own. */
    interface Handler {

        /**
         * Called in the order in which a peer called.
         *
         * @param caller who calls, as far as the transport can prove it
         * @param request belongs to the handler
         */
        CompletableFuture<ByteBuffer> handle(String caller, String method, ByteBuffer request);
    }
}
