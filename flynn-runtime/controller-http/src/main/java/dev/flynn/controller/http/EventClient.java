package dev.flynn.controller.http;

import dev.flynn.state.EventQuery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One client of the stream of events: what it wants, what waits for it, and where that goes. Past events come from a history,
 * which is read after the client was made known, so that each event is in the history or offered; those that are both are
 * told once. Used by the thread of its {@link EventLane} alone.
 */
final class EventClient {

    /** So much is written at once, if there is so much. */
    private static final int MAX_BYTES = 16 << 10;

    private static final long KEEP_ALIVE_NANOS = ServerSentEvents.KEEP_ALIVE.toNanos();

    private final EventQuery query;
    private final Function<ToldEvent, Optional<byte[]>> form;
    private final StreamOutput output;
    private final Deque<ToldEvent> waiting = new ArrayDeque<>();
    private Iterator<ToldEvent> past = List.<ToldEvent>of().iterator();
    private boolean hasBegun;
    private long toldRevision;
    private @Nullable String end;
    private boolean isFinished;
    private boolean isBlocked;
    private long lastWrite;

    /** What becomes of a client after it was its turn. */
    enum Turn {
        /** It has all there is for it, or waits for room. */
        DONE,
        /** It would take more. */
        MORE,
        /** Its stream is over. */
        OVER
    }

    /** @param form how an event is told to this client; empty if it must not know of it */
    EventClient(EventQuery query, Function<ToldEvent, Optional<byte[]>> form, StreamOutput output, long now) {
        this.query = query;
        this.form = form;
        this.output = output;
        this.lastWrite = now;
    }

    StreamOutput output() {
        return output;
    }

    /** Begins with these; what was committed up to their revision is among them, if it is wanted. */
    Turn begin(long revision, List<ToldEvent> history) throws IOException {
        output.begin();
        hasBegun = true;
        toldRevision = revision;
        past = history.iterator();
        waiting.removeIf(event -> event.revision() <= revision);
        return Turn.MORE;
    }

    /** An event that was committed; true if the client wants it. */
    boolean offer(ToldEvent event) {
        if (end != null || hasBegun && event.revision() <= toldRevision || !query.matches(event.event())) {
            return false;
        }
        if (waiting.size() == Backlog.MAX_EVENTS) {
            end(Backlog.OVERFLOW);
        } else {
            waiting.add(event);
        }
        return true;
    }

    /** Nothing comes after what waits but this reason. */
    void end(String reason) {
        if (end == null) {
            end = reason;
        }
    }

    /** Writes what there is, up to a limit, if there is room. */
    Turn take(long now, Runnable whenWritable) throws IOException {
        if (isFinished) {
            return Turn.OVER;
        }
        if (!hasBegun || isBlocked || !hasMore()) {
            return Turn.DONE;
        }
        if (!hasRoom(whenWritable)) {
            return Turn.DONE;
        }
        byte[] bytes = next();
        if (bytes.length > 0) {
            write(bytes, now);
        } else if (end != null) {
            write(ServerSentEvents.errorBytes(end), now);
            finish();
            return Turn.OVER;
        }
        return hasMore() ? Turn.MORE : Turn.DONE;
    }

    private boolean hasMore() {
        return past.hasNext() || !waiting.isEmpty() || end != null;
    }

    private boolean hasRoom(Runnable whenWritable) {
        if (output.canWrite()) {
            return true;
        }
        isBlocked = true;
        output.whenWritable(whenWritable);
        return false;
    }

    private void write(byte[] bytes, long now) throws IOException {
        output.write(bytes);
        lastWrite = now;
    }

    /** The next items: one as it is, which many clients share, or several together. */
    private byte[] next() {
        byte[] first = nextItem();
        if (first.length == 0 || !past.hasNext() && waiting.isEmpty()) {
            return first;
        }
        var several = new ByteArrayOutputStream(MAX_BYTES);
        for (byte[] item = first; item.length > 0; item = several.size() < MAX_BYTES ? nextItem() : new byte[0]) {
            several.writeBytes(item);
        }
        return several.toByteArray();
    }

    /** Empty if there is none. */
    private byte[] nextItem() {
        while (past.hasNext() || !waiting.isEmpty()) {
            Optional<byte[]> item = form.apply(past.hasNext() ? past.next() : waiting.remove());
            if (item.isPresent()) {
                return item.get();
            }
        }
        return new byte[0];
    }

    /** There is room again. */
    void unblock() {
        isBlocked = false;
    }

    /** Tells a client that heard nothing for long that the stream is alive, and gives up one that does not read. */
    Turn tick(long now, Runnable whenWritable) throws IOException {
        long silence = now - lastWrite;
        if (isFinished) {
            return Turn.OVER;
        }
        if (isBlocked && silence > Streams.WRITE_PATIENCE.toNanos()) {
            isFinished = true;
            output.abort();
            return Turn.OVER;
        }
        if (hasBegun && !isBlocked && silence >= KEEP_ALIVE_NANOS && hasRoom(whenWritable)) {
            write(ServerSentEvents.keepAliveBytes(), now);
        }
        return Turn.DONE;
    }

    /** Ends the response, without another word; does not wait for one who does not read. */
    void finish() {
        if (isFinished) {
            return;
        }
        isFinished = true;
        if (isBlocked) {
            output.abort();
        } else {
            output.finish();
        }
    }
}
