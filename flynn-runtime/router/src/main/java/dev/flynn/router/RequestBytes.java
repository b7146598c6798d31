package dev.flynn.router;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.BodyReader;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadScanner;
import dev.flynn.router.message.Trailers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a client of HTTP/1.1 has sent and nobody has taken yet: finds where heads end, and takes bodies out. */
final class RequestBytes {

    /** How a client begins that speaks HTTP/2 (RFC 9113, section 3.4). */
    private static final byte[] HTTP_2_PREFACE = Ascii.bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    /** What comes next. */
    enum Next {
        NOTHING,
        PART_OF_HEAD,
        /** All of one, which {@link #readHead} takes. */
        HEAD,
        HTTP_2
    }

    private final HeadScanner scanner;
    private final BodyReader body = new BodyReader();
    private @Nullable ByteBuf pending;
    private boolean mayBeHttp2;
    private boolean withinHead;
    private int headLength;

    /** @param mayBeHttp2 whether the client may begin with the preface of HTTP/2 */
    RequestBytes(int maxHeadBytes, boolean mayBeHttp2) {
        this.scanner = new HeadScanner(maxHeadBytes);
        this.mayBeHttp2 = mayBeHttp2;
    }

    void append(ByteBufAllocator allocator, ByteBuf in) {
        pending = Pending.append(allocator, pending, in);
    }

    boolean isEmpty() {
        return pending == null;
    }

    int waiting() {
        return pending == null ? 0 : pending.readableBytes();
    }

    /** Whether a head has begun and not ended. */
    boolean isWithinHead() {
        return withinHead;
    }

    /** Looks for the next head. Empty lines before it are no fault (RFC 9112, section 2.2). */
    Next next() throws BadMessage {
        ByteBuf in = pending;
        if (in == null) {
            return Next.NOTHING;
        }
        if (mayBeHttp2 && beginsLikeHttp2(in)) {
            withinHead = true;
            return in.readableBytes() >= HTTP_2_PREFACE.length ? Next.HTTP_2 : Next.PART_OF_HEAD;
        }
        mayBeHttp2 = false;
        if (!withinHead) {
            skipEmptyLines(in);
            if (!in.isReadable()) {
                drop();
                return Next.NOTHING;
            }
        }
        headLength = scanner.find(in);
        withinHead = headLength < 0;
        return withinHead ? Next.PART_OF_HEAD : Next.HEAD;
    }

    void readHead(Head head) throws BadMessage {
        if (pending == null) {
            throw new IllegalStateException("no head was found");
        }
        head.readRequest(pending, headLength);
        dropIfEmpty();
    }

    /** What follows is a body. */
    void beginBody(long framing) {
        body.begin(framing);
    }

    /**
     * Takes what is there of the body.
     *
     * @param data receives pieces that it has to release
     * @return whether the body is complete
     */
    boolean readBody(Consumer<ByteBuf> data) throws BadMessage {
        ByteBuf in = pending;
        if (in == null) {
            return false;
        }
        if (body.takesAll(in)) {
            pending = null;
            boolean done = body.took(in.readableBytes());
            data.accept(in);
            return done;
        }
        // whoever takes the data may find that nobody wants the rest, and drop it
        in.retain();
        try {
            return body.read(in, data);
        } finally {
            in.release();
            dropIfEmpty();
        }
    }

    /** The fields behind the body, once it is complete. */
    Trailers trailers() {
        return body.trailers();
    }

    /** All that is there, for somebody else to release. */
    @Nullable
    ByteBuf surrender() {
        ByteBuf rest = pending;
        pending = null;
        return rest;
    }

    void drop() {
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }

    private void dropIfEmpty() {
        if (pending != null && !pending.isReadable()) {
            drop();
        }
    }

    /** Whether all that is there of its preface is there. */
    private static boolean beginsLikeHttp2(ByteBuf in) {
        int available = Math.min(in.readableBytes(), HTTP_2_PREFACE.length);
        for (int i = 0; i < available; i++) {
            if (in.getByte(in.readerIndex() + i) != HTTP_2_PREFACE[i]) {
                return false;
            }
        }
        return true;
    }

    private static void skipEmptyLines(ByteBuf in) {
        while (in.readableBytes() >= 2
                && in.getByte(in.readerIndex()) == '\r'
                && in.getByte(in.readerIndex() + 1) == '\n') {
            in.skipBytes(2);
        }
    }
}
