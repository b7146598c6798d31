package dev.flynn.blobstore;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The body of a put: ends with an error when the client went away before it had sent what it announced, and looks after the
 * disk while it is read.
 */
final class Upload extends FilterInputStream {

    private static final long CHECK_EVERY_BYTES = 8L << 20;

    private final long announced;
    private final Runnable check;
    private long received;
    private long nextCheck = CHECK_EVERY_BYTES;

    /**
     * @param announced length, negative if it is not known
     * @param check throws when no more may be stored
     */
    Upload(InputStream body, long announced, Runnable check) {
        super(body);
        this.announced = announced;
        this.check = check;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        if (count < 0) {
            if (received < announced) {
                throw new EOFException("the upload ended after %d of %d bytes".formatted(received, announced));
            }
            return count;
        }
        received += count;
        if (received >= nextCheck) {
            check.run();
            nextCheck = received + CHECK_EVERY_BYTES;
        }
        return count;
    }
}
