package dev.flynn.router;

/** A client's connection, as its event loop watches over it. */
interface LoopClient {

    /** Whether something that was expected has not come in time. */
    boolean isLate(long now);

    /** Gives up what is late. */
    void timeOut();

    /** Closes unless requests are in flight; with some, their responses will be the last. */
    void closeWhenIdle();

    /** Closes at once. */
    void abort();
}
