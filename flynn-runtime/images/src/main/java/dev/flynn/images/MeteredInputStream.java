package dev.flynn.images;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/** Counts and digests what is read, says so now and then, and reads no more than there may be. */
final class MeteredInputStream extends FilterInputStream {

    private static final long STEP = 1 << 20;

    private final MessageDigest digest = Digest.sha256();
    private final long limit;
    private final LongConsumer progress;
    private long count;
    private long said;

    /**
     * @param limit one byte more is a failure
     * @param progress is told the count about once per megabyte
     */
    MeteredInputStream(InputStream in, long limit, LongConsumer progress) {
        super(in);
        this.limit = limit;
        this.progress = progress;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while an image was read");
        }
        int read = super.read(buffer, offset, length);
        if (read > 0) {
            digest.update(buffer, offset, read);
            count += read;
            if (count > limit) {
                throw new IOException("more than the %d bytes that there may be".formatted(limit));
            }
            if (count - said >= STEP) {
                said = count;
                progress.accept(count);
            }
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

    /** Reads to the end. */
    void drain() throws IOException {
        byte[] buffer = new byte[1 << 16];
        while (read(buffer, 0, buffer.length) >= 0) {
            // it is counted and digested
        }
    }

    long count() {
        return count;
    }

    /** Of everything that was read; ends the calculation. */
    Digest digest() {
        return Digest.from(digest);
    }
}
