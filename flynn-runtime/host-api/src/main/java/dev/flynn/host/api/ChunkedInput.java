package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** Reads a body that came in chunks; its end is only reached if all of it came, as the digest behind it says. */
final class ChunkedInput extends InputStream {

    /** The header that follows the body. */
    static final String DIGEST = "Flynn-Digest";

    private static final String ALGORITHM = "sha-256=";
    private static final int MAX_LINE = 1000;

    private final InputStream in;
    private final MessageDigest digest = newDigest();

    /** Of the chunk that is being read; -1 before the first. */
    private long left = -1;

    private boolean ended;

    ChunkedInput(InputStream in) {
        this.in = in;
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** As it is sent. */
    static String text(MessageDigest digest) {
        return ALGORITHM + HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (ended) {
            return -1;
        }
        if (left <= 0 && !nextChunk()) {
            verify();
            return -1;
        }
        int count = in.read(bytes, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the host closed the connection before all was sent");
        }
        digest.update(bytes, offset, count);
        left -= count;
        return count;
    }

    private boolean nextChunk() throws IOException {
        if (left == 0 && !line().isEmpty()) {
            throw new IOException("the host sent a chunk that is longer than it said");
        }
        String size = line();
        int extension = size.indexOf(';');
        try {
            left = Long.parseLong((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
        } catch (NumberFormatException e) {
            throw new IOException("the host sent a malformed chunk", e);
        }
        return left > 0;
    }

    private void verify() throws IOException {
        ended = true;
        String said = "";
        for (String header = line(); !header.isEmpty(); header = line()) {
            int colon = header.indexOf(':');
            if (colon > 0
                    && header.substring(0, colon).toLowerCase(Locale.ROOT).equals(DIGEST.toLowerCase(Locale.ROOT))) {
                said = header.substring(colon + 1).strip();
            }
        }
        if (!said.equals(text(digest))) {
            throw new IOException("what came is not what was sent: its digest is not the one that follows it");
        }
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the host closed the connection before all was sent");
            }
            if (line.size() > MAX_LINE) {
                throw new IOException("the host sent a malformed chunk");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(US_ASCII);
    }
}
