package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.link.Wire.ProtocolException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This host's end of a stream. Sending waits for credit, which the other end gives as it consumes; what comes in is handed to
 * the listener by one worker at a time, and never more than a window of it waits.
 */
final class StreamEnd implements LinkStream {

    private static final int MAX_CHUNK = 32 * 1024;

    private final Connection connection;
    private final int window;
    private final Executor workers;
    private final Object lock = new Object();
    private final Queue<Runnable> events = new ArrayDeque<>();

    // guarded by lock
    private @Nullable StreamListener listener;
    private long credit;
    private long unconsumed;
    private int consumed;
    private boolean working;
    private boolean sendEnded;
    private boolean receiveEnded;
    private boolean silent;
    private @Nullable FlynnException over;

    private volatile int number;

    StreamEnd(Connection connection, int window, Executor workers, @Nullable StreamListener listener) {
        this.connection = connection;
        this.window = window;
        this.workers = workers;
        this.listener = listener;
        this.credit = window;
    }

    /** On the event loop, before anything else about this stream is sent. */
    void number(int assigned) {
        number = assigned;
    }

    // sending

    @Override
    public void send(byte[] bytes) {
        if (connection.isOnItsLoop()) {
            throw new IllegalStateException("a stream's send may block: not on a thread that serves connections");
        }
        for (int position = 0; position < bytes.length; ) {
            int length = take(Math.min(MAX_CHUNK, bytes.length - position));
            connection.send(new Chunk(ByteBuffer.wrap(bytes, position, length)));
            position += length;
        }
    }

    private int take(int wanted) {
        synchronized (lock) {
            while (over == null && !sendEnded && credit <= 0) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw FlynnException.unavailable("interrupted while the other host did not read", e);
                }
            }
            if (over != null) {
                throw new FlynnException(over.code(), over.getMessage(), over);
            }
            if (sendEnded) {
                throw new IllegalStateException("the stream was ended");
            }
            int length = (int) Math.min(wanted, credit);
            credit -= length;
            return length;
        }
    }

    @Override
    public void end() {
        boolean complete;
        synchronized (lock) {
            if (sendEnded || over != null) {
                return;
            }
            sendEnded = true;
            complete = receiveEnded;
            lock.notifyAll();
        }
        connection.send(new Numbered(Wire.END));
        if (complete) {
            connection.forgetStream(number);
        }
    }

    @Override
    public void fail(FlynnException reason) {
        finish(reason, true);
    }

    @Override
    public void close() {
        finish(new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "the stream was closed"), true);
    }

    private void finish(FlynnException reason, boolean tell) {
        synchronized (lock) {
            silent = true;
            events.clear();
            if (over != null || (sendEnded && receiveEnded)) {
                return;
            }
            over = reason;
            lock.notifyAll();
        }
        if (tell) {
            connection.send(new Numbered(Wire.RESET) {
                @Override
                void rest(ByteBuf out) {
                    Wire.writeFailure(out, reason);
                }
            });
            connection.send(new Forget());
        }
    }

    // receiving, on the event loop

    void widen(int more) throws ProtocolException {
        synchronized (lock) {
            credit += more;
            if (more <= 0 || credit > window) {
                throw new ProtocolException("a stream's window is opened too far");
            }
            lock.notifyAll();
        }
    }

    void received(byte[] bytes) throws ProtocolException {
        synchronized (lock) {
            unconsumed += bytes.length;
            if (unconsumed > window || receiveEnded) {
                throw new ProtocolException("a stream sends more than it may");
            }
        }
        happened(() -> {
            StreamListener to = listening();
            if (to != null) {
                to.onData(bytes);
            }
            consumed(bytes.length);
        });
    }

    private void consumed(int bytes) {
        int give = 0;
        synchronized (lock) {
            unconsumed -= bytes;
            consumed += bytes;
            if (consumed >= window / 2 && over == null && !receiveEnded) {
                give = consumed;
                consumed = 0;
            }
        }
        if (give > 0) {
            int more = give;
            connection.send(new Numbered(Wire.WINDOW) {
                @Override
                void rest(ByteBuf out) {
                    out.writeInt(more);
                }
            });
        }
    }

    void ended() {
        boolean complete;
        synchronized (lock) {
            if (receiveEnded) {
                return;
            }
            receiveEnded = true;
            complete = sendEnded;
        }
        if (complete) {
            connection.forgetStream(number);
        }
        happened(() -> {
            StreamListener to = listening();
            if (to != null) {
                to.onEnd();
            }
        });
    }

    /** What had come before is delivered first. */
    void failed(FlynnException reason) {
        synchronized (lock) {
            if (over != null || (sendEnded && receiveEnded)) {
                return;
            }
            over = reason;
            lock.notifyAll();
        }
        StreamListener blocked = listening();
        if (blocked != null) {
            blocked.onFailing();
        }
        happened(() -> {
            StreamListener to = listening();
            if (to != null) {
                to.onFailure(reason);
            }
        });
    }

    /** Opens the served end, before it hears anything. */
    void serve(Supplier<StreamListener> opening, String hostId) {
        happened(() -> {
            try {
                StreamListener opened = opening.get();
                synchronized (lock) {
                    listener = opened;
                }
            } catch (RuntimeException e) {
                fail(Failures.toTell(hostId, e));
            }
        });
    }

    private @Nullable StreamListener listening() {
        synchronized (lock) {
            return silent ? null : listener;
        }
    }

    private void happened(Runnable event) {
        synchronized (lock) {
            if (silent) {
                return;
            }
            events.add(event);
            if (working) {
                return;
            }
            working = true;
        }
        try {
            workers.execute(this::work);
        } catch (RejectedExecutionException busy) {
            synchronized (lock) {
                working = false;
            }
            fail(FlynnException.unavailable("the host is too busy for this stream, or closing", busy));
        }
    }

    private void work() {
        while (true) {
            Runnable event;
            synchronized (lock) {
                event = events.poll();
                if (event == null) {
                    working = false;
                    return;
                }
            }
            try {
                event.run();
            } catch (RuntimeException e) {
                fail(Failures.toTell("the listener", e));
            }
        }
    }

    /** A frame about this stream, whose number is known when it is sent. */
    private class Numbered extends Outgoing {

        private final byte type;

        Numbered(byte type) {
            this.type = type;
        }

        void rest(ByteBuf out) {}

        @Override
        final boolean writeHead(Connection sentBy, ByteBuf out) {
            out.writeByte(type).writeInt(number);
            rest(out);
            return true;
        }
    }

    private final class Chunk extends Numbered {

        private final ByteBuffer bytes;

        Chunk(ByteBuffer bytes) {
            super(Wire.DATA);
            this.bytes = bytes;
        }

        @Override
        ByteBuffer payload() {
            return bytes;
        }
    }

    /** Comes after the last frame of this stream. */
    private final class Forget extends Outgoing {

        @Override
        boolean writeHead(Connection sentBy, ByteBuf out) {
            sentBy.forgetStream(number);
            return false;
        }
    }
}
