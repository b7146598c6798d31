package dev.flynn.link;

import java.time.Duration;

/**
 * The measures of a link.
 *
 * @param deadAfter a peer from which nothing comes for so long is gone
 * @param handshakeTimeout from connecting until both sides know each other
 * @param maxMessageBytes of one request, one answer, one opening of a stream
 * @param maxWaitingBytes of requests that wait to be sent to one peer; more are refused
 * @param maxCallsInFlight that one peer may have with this host; more are refused
 * @param maxStreams that are open with one peer
 * @param streamWindow bytes of a stream under way to whoever reads it
 * @param firstPause before a peer is dialled again; doubled up to {@code maxPause}
 */
record LinkConfig(
        Duration deadAfter,
        Duration connectTimeout,
        Duration handshakeTimeout,
        int maxMessageBytes,
        long maxWaitingBytes,
        int maxCallsInFlight,
        int maxStreams,
        int streamWindow,
        Duration firstPause,
        Duration maxPause) {

    static final LinkConfig DEFAULTS = new LinkConfig(
            Duration.ofSeconds(3),
            Duration.ofSeconds(3),
            Duration.ofSeconds(5),
            16 << 20,
            64L << 20,
            4096,
            1024,
            256 << 10,
            Duration.ofMillis(50),
            Duration.ofSeconds(1));

    LinkConfig withDeadAfter(Duration value) {
        return new LinkConfig(
                value,
                connectTimeout,
                handshakeTimeout,
                maxMessageBytes,
                maxWaitingBytes,
                maxCallsInFlight,
                maxStreams,
                streamWindow,
                firstPause,
                maxPause);
    }

    LinkConfig withHandshakeTimeout(Duration value) {
        return new LinkConfig(
                deadAfter,
                connectTimeout,
                value,
                maxMessageBytes,
                maxWaitingBytes,
                maxCallsInFlight,
                maxStreams,
                streamWindow,
                firstPause,
                maxPause);
    }

    LinkConfig withMaxMessageBytes(int value) {
        return new LinkConfig(
                deadAfter,
                connectTimeout,
                handshakeTimeout,
                value,
                maxWaitingBytes,
                maxCallsInFlight,
                maxStreams,
                streamWindow,
                firstPause,
                maxPause);
    }

    LinkConfig withMaxCallsInFlight(int value) {
        return new LinkConfig(
                deadAfter,
                connectTimeout,
                handshakeTimeout,
                maxMessageBytes,
                maxWaitingBytes,
                value,
                maxStreams,
                streamWindow,
                firstPause,
                maxPause);
    }
}
