package dev.flynn.link;

import dev.flynn.api.error.FlynnException;

/** What comes out of a stream, one call at a time. May block: then the other end waits. */
public interface StreamListener {

    void onData(byte[] bytes);

    /** The other end will send nothing more. */
    void onEnd();

    /** The stream is over: the other end said why, or the connection was lost. Nothing follows. */
    void onFailure(FlynnException reason);

    /**
     * The stream failed, told at once and beside a call that is still blocked in {@link #onData}, which should come to an end
     * now; {@link #onFailure} follows it. Must not block.
     */
    default void onFailing() {}
}
