package dev.flynn.link;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Answers the calls of one service. */
@FunctionalInterface
public interface CallHandler {

    /**
     * Called in the order in which a peer called, on a thread that serves its connection: must return at once and answer
     * later what takes time.
     *
     * @param caller the host that calls; its certificate says so
     * @param request belongs to the handler
     * @return the answer, whose buffer belongs to the link; is cancelled when the caller does not wait any more. A failure
     *     reaches the caller with its code and message if it is a {@link dev.flynn.api.error.FlynnException}, else without
     *     details
     */
    CompletableFuture<ByteBuffer> handle(String caller, String method, ByteBuffer request);

    /** Answers calls by a method that may block. */
    @FunctionalInterface
    interface Blocking {
        byte[] handle(String caller, String method, byte[] request) throws Exception;
    }
}
