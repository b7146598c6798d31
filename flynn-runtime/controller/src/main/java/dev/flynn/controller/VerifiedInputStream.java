package dev.flynn.controller;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Content of a known length and SHA-256. Its last byte is given only if both are right, so that whoever waits for all of it never
 * has something else.
 */
final class VerifiedInputStream extends FilterInputStream {

    private final long length;
    private final String expected;
    private final MessageDigest digest;
    private long count;
    private Optional<String> failure = Optional.empty();

    /** @param expected in hexadecimal digits */
    VerifiedInputStream(InputStream in, long length, String expected) {
        super(in);
        this.length = length;
        this.expected = expected;
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Why reading failed, if the content was not what it was said to be. */
    Optional<String> failure() {
        return failure;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int wanted) throws IOException {
        if (wanted == 0) {
            return 0;
        }
        if (count == length) {
            return -1;
        }
        int read = in.read(bytes, offset, (int) Math.min(wanted, length - count));
        if (read < 0) {
            throw new EOFException("the content ends after %d of %d bytes".formatted(count, length));
        }
        digest.update(bytes, offset, read);
        count += read;
        if (count == length) {
            requireExpected();
        }
        return read;
    }

    private void requireExpected() throws IOException {
        String actual = HexFormat.of().formatHex(digest.digest());
        if (!actual.equals(expected)) {
            String why = "SHA256 mismatch: the content has %s, not %s".formatted(actual, expected);
            failure = Optional.of(why);
            throw new IOException(why);
        }
    }
}
