package dev.flynn.link.logs;

import dev.flynn.link.HostLink;
import dev.flynn.logs.LocalAggregators.Opened;
import dev.flynn.logs.LogChunk;
import dev.flynn.logs.LogDestination;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The log aggregators of another host, as a destination of lines. What they have they say; nothing is kept here. */
final class RemoteAggregators implements LogDestination {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final byte[] NOTHING = {};

    private final HostLink link;
    private final String hostId;
    private final String address;
    private long generation;

    RemoteAggregators(HostLink link, String hostId, String address) {
        this.link = link;
        this.hostId = hostId;
        this.address = address;
    }

    @Override
    public Start open() throws Exception {
        Opened opened = LogMessages.opened(call(LogMessages.OPEN, NOTHING));
        generation = opened.generation();
        return new Start(opened.positions(), true);
    }

    @Override
    public void send(List<LogChunk> chunks) throws Exception {
        byte[] unused = call(LogMessages.APPEND, LogMessages.append(new LogMessages.Append(generation, chunks)));
    }

    private byte[] call(String method, byte[] request)
            throws InterruptedException, ExecutionException, TimeoutException {
        return link.call(hostId, address, LogMessages.SERVICE, method, request, PATIENCE)
                .get(2 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {}
}
