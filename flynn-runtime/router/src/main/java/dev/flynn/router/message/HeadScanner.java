package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;

/** Finds where a message head ends in bytes that arrive piece by piece, looking at each byte once. */
public final class HeadScanner {

    private final int maxBytes;

    /** How far lines were read, from the reader index. */
    private int lineStart;

    private int scanned;

    public HeadScanner(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Looks for the empty line.
     *
     * @return the length of the head with its empty line, or -1 if it is not complete yet
     * @throws BadMessage a line ends without a carriage return, or the head is too long
     */
    public int find(ByteBuf in) throws BadMessage {
        int start = in.readerIndex();
        int available = Math.min(in.readableBytes(), maxBytes);
        while (true) {
            int lineFeed = in.indexOf(start + scanned, start + available, (byte) '\n');
            if (lineFeed < 0) {
                scanned = available;
                if (in.readableBytes() >= maxBytes) {
                    throw new BadMessage(431, "the head is longer than " + maxBytes + " bytes");
                }
                return -1;
            }
            int end = lineFeed - start;
            if (end == lineStart || in.getByte(lineFeed - 1) != '\r') {
                throw BadMessage.malformed("a line ends without a carriage return");
            }
            boolean empty = end == lineStart + 1;
            lineStart = end + 1;
            scanned = lineStart;
            if (empty) {
                reset();
                return end + 1;
            }
        }
    }

    public void reset() {
        lineStart = 0;
        scanned = 0;
    }
}
