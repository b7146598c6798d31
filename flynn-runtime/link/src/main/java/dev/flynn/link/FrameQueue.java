package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The frames of a connection that are to be sent. Any thread adds some; the event loop writes them at one go, so that many small
 * ones are one TLS record and one write. A large one goes out piece by piece, and the loop does other things in between: both
 * hosts see that the other one lives.
 */
final class FrameQueue {

    /** Frames up to this size are copied together; larger ones are written where they are. */
    private static final int SMALL = 4096;

    private static final int BATCH = 16 * 1024;
    private static final int PIECE = 64 * 1024;

    /** How much of large frames is encrypted before the loop looks at what has come. */
    private static final int TURN = 4 * PIECE;

    private final Connection connection;
    private final Channel channel;
    private final Queue<Outgoing> frames = new ConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean writeScheduled = new AtomicBoolean();

    // of the event loop

    /** What is left of the large frame whose beginning is written. */
    private ByteBuffer rest = Outgoing.NOTHING;

    private long lastWrite = System.nanoTime();

    FrameQueue(Connection connection, Channel channel) {
        this.connection = connection;
        this.channel = channel;
    }

    /** How much waits, roughly, in bytes; from any thread. */
    long waitingBytes() {
        return bytes.get();
    }

    /** From any thread. */
    void add(Outgoing frame) {
        frames.add(frame);
        bytes.addAndGet(frame.weight());
    }

    /** From any thread. */
    void writeSoon() {
        if (writeScheduled.compareAndSet(false, true)) {
            channel.eventLoop().execute(connection::writeFrames);
        }
    }

    // of the event loop

    boolean isEmpty() {
        return frames.isEmpty() && !rest.hasRemaining();
    }

    /** When the other host was last sent something, by {@link System#nanoTime}. */
    long lastWrite() {
        return lastWrite;
    }

    /** Writes what the channel takes; who takes no more says so when it does again. */
    void write() {
        writeScheduled.set(false);
        int left = TURN;
        while (channel.isWritable() && !isEmpty()) {
            if (left <= 0) {
                writeSoon();
                break;
            }
            if (rest.hasRemaining()) {
                left -= writePiece();
                channel.flush();
            } else {
                writeHeads();
            }
        }
        channel.flush();
    }

    private int writePiece() {
        lastWrite = System.nanoTime();
        int length = Math.min(PIECE, rest.remaining());
        channel.write(Unpooled.wrappedBuffer(rest.slice(rest.position(), length)));
        rest.position(rest.position() + length);
        if (!rest.hasRemaining()) {
            rest = Outgoing.NOTHING;
        }
        return length;
    }

    /** Small frames, until there are enough for one write, or the head of one large frame comes after them. */
    private void writeHeads() {
        ByteBuf batch = channel.alloc().heapBuffer(BATCH);
        while (!rest.hasRemaining() && batch.readableBytes() < BATCH - SMALL) {
            Outgoing frame = frames.poll();
            if (frame == null) {
                break;
            }
            bytes.addAndGet(-frame.weight());
            writeHead(frame, batch);
        }
        if (batch.isReadable()) {
            lastWrite = System.nanoTime();
            channel.write(batch);
        } else {
            batch.release();
        }
    }

    private void writeHead(Outgoing frame, ByteBuf out) {
        ByteBuffer payload = frame.payload();
        int start = out.writerIndex();
        out.writeInt(0);
        if (!frame.writeHead(connection, out)) {
            out.writerIndex(start);
            return;
        }
        out.setInt(start, out.writerIndex() - start - Integer.BYTES + payload.remaining());
        if (payload.remaining() <= SMALL) {
            out.writeBytes(payload.duplicate());
        } else {
            rest = payload.duplicate();
        }
    }

    /** Tells those that wait too long. */
    void stillWait(long now, String hostId) {
        frames.forEach(frame -> frame.stillWaits(now, hostId));
    }

    /** Nothing of it is sent any more. */
    void lose(FlynnException why) {
        rest = Outgoing.NOTHING;
        for (Outgoing frame = frames.poll(); frame != null; frame = frames.poll()) {
            bytes.addAndGet(-frame.weight());
            frame.lost(why);
        }
    }
}
