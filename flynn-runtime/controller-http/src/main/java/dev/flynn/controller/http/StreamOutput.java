package dev.flynn.controller.http;

import java.io.IOException;

/** The response to one client of a stream, for threads that must not wait for the client. Used by one thread at a time. */
interface StreamOutput {

    /** Sends the head. */
    void begin() throws IOException;

    /** Whether there is room, so that the next write does not wait. */
    boolean canWrite();

    /** Sends all of this at once, after {@link #canWrite} said that there is room. */
    void write(byte[] bytes) throws IOException;

    /** Tells once, from another thread, when there is room again or the client has left. */
    void whenWritable(Runnable action);

    /** Tells, from another thread, when the client has left. */
    void whenLeft(Runnable action);

    /** Ends the response. */
    void finish();

    /** Gives up a client that does not read. */
    void abort();
}
