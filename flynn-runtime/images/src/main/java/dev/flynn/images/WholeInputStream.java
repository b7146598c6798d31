package dev.flynn.images;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Fails if it ends before the length that was announced. */
final class WholeInputStream extends FilterInputStream {

    private final long length;
    private long count;

    /** @param length negative if it was not announced */
    WholeInputStream(InputStream in, long length) {
        super(in);
        this.length = length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int wanted) throws IOException {
        int read = super.read(buffer, offset, wanted);
        if (read > 0) {
            count += read;
        } else if (read < 0 && count < length) {
            throw new EOFException("it broke off after %d of %d bytes".formatted(count, length));
        }
        return read;
    }

    @Override
    public long skip(long wanted) throws IOException {
        byte[] passed = new byte[(int) Math.min(wanted, 8192)];
        return wanted <= 0 ? 0 : Math.max(0, read(passed, 0, passed.length));
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
