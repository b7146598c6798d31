package dev.flynn.blobstore;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;

/** Reads no faster than a rate, so that repairs leave the network to those who wait. */
final class Throttle extends FilterInputStream {

    private final long bytesPerSecond;
    private final long begin = System.nanoTime();
    private long bytes;

    Throttle(InputStream in, long bytesPerSecond) {
        super(in);
        this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        bytes += Math.max(0, count);
        long ahead = (long) (bytes * 1e9 / bytesPerSecond) - (System.nanoTime() - begin);
        if (ahead > TimeUnit.MILLISECONDS.toNanos(1)) {
            try {
                TimeUnit.NANOSECONDS.sleep(ahead);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the repair was stopped");
            }
        }
        return count;
    }
}
