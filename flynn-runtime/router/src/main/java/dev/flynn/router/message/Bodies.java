package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;

/** Writing bodies in the framing that the next hop was told. */
public final class Bodies {

    private static final ByteBuf CRLF = Unpooled.unreleasableBuffer(constant("\r\n"));
    private static final ByteBuf LAST_CHUNK = Unpooled.unreleasableBuffer(constant("0\r\n\r\n"));
    private static final byte[] HEX = Ascii.bytes("0123456789abcdef");
    private static final int MAX_SIZE_LINE = 10;
    private static final int END_OF_LINE = '\r' << 8 | '\n';

    private Bodies() {}

    /** Writes data, which it releases, as it is or as one chunk. */
    public static void write(ChannelHandlerContext to, ByteBuf data, boolean chunked) {
        if (!data.isReadable()) {
            data.release();
            return;
        }
        if (!chunked) {
            to.write(data, to.voidPromise());
            return;
        }
        to.write(sizeLine(to, data.readableBytes()), to.voidPromise());
        to.write(data, to.voidPromise());
        to.write(CRLF.duplicate(), to.voidPromise());
    }

    /** Ends a body; one in chunks with these trailers. */
    public static void writeEnd(ChannelHandlerContext to, boolean chunked, Trailers trailers) {
        if (!chunked) {
            return;
        }
        if (trailers.isEmpty()) {
            to.write(LAST_CHUNK.duplicate(), to.voidPromise());
            return;
        }
        ByteBuf end = to.alloc().buffer(256).writeByte('0').writeShort(END_OF_LINE);
        trailers.write(end);
        to.write(end.writeShort(END_OF_LINE), to.voidPromise());
    }

    private static ByteBuf sizeLine(ChannelHandlerContext to, int size) {
        ByteBuf line = to.alloc().directBuffer(MAX_SIZE_LINE);
        int shift = (31 - Integer.numberOfLeadingZeros(size)) / 4 * 4;
        for (; shift >= 0; shift -= 4) {
            line.writeByte(HEX[size >>> shift & 0xf]);
        }
        return line.writeByte('\r').writeByte('\n');
    }

    private static ByteBuf constant(String text) {
        byte[] bytes = Ascii.bytes(text);
        return Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly();
    }
}
