package dev.flynn.link;

import dev.flynn.api.error.FlynnException;

/** One end of a stream of bytes in both directions. Thread-safe. */
public interface LinkStream extends AutoCloseable {

    /**
     * Sends bytes in order; blocks while the other end does not take what was sent before.
     *
     * @throws FlynnException if the stream is over
     */
    void send(byte[] bytes);

    /** Nothing more will be sent; the other direction goes on. */
    void end();

    /** Ends both directions at once; the other end is told why. */
    void fail(FlynnException reason);

    /** Ends both directions at once, unless both have ended; the listener hears nothing more. */
    @Override
    void close();
}
