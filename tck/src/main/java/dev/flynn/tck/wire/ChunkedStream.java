package dev.flynn.tck.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The bytes within an HTTP/1.1 body of chunks; a read gives no more than what is left of a chunk. */
final class ChunkedStream extends InputStream {

    private final InputStream in;
    private long left;
    private boolean begun;
    private boolean ended;

    ChunkedStream(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (left == 0 && !ended) {
            nextChunk();
        }
        if (ended) {
            return -1;
        }
        int count = in.read(bytes, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the connection ended within a chunk");
        }
        left -= count;
        return count;
    }

    private void nextChunk() throws IOException {
        if (begun && !Head.line(in).isEmpty()) {
            throw new IOException("a chunk is longer than it says");
        }
        begun = true;
        String size = Head.line(in).split(";", 2)[0].strip();
        try {
            left = Long.parseLong(size, 16);
        } catch (NumberFormatException e) {
            throw new IOException("no size of a chunk: \"" + size + "\"", e);
        }
        if (left == 0) {
            while (!Head.line(in).isEmpty()) {
                // trailers
            }
            ended = true;
        }
    }
}
