package dev.flynn.distro.jobs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Writes a compressed archive of files in the ustar format (POSIX.1-1988); names of up to 100 bytes. */
final class TarGz implements AutoCloseable {

    private static final int BLOCK = 512;
    private static final int NAME = 100;
    private static final int MODE_AT = 100;
    private static final int UID_AT = 108;
    private static final int GID_AT = 116;
    private static final int SIZE_AT = 124;
    private static final int TIME_AT = 136;
    private static final int CHECKSUM_AT = 148;
    private static final int TYPE_AT = 156;
    private static final int MAGIC_AT = 257;

    private final OutputStream out;
    private final Instant time;

    TarGz(OutputStream to, Instant time) throws IOException {
        this.out = new GZIPOutputStream(to) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        };
        this.time = time;
    }

    void add(String name, byte[] content) throws IOException {
        byte[] header = new byte[BLOCK];
        byte[] text = name.getBytes(UTF_8);
        System.arraycopy(text, 0, header, 0, Math.min(text.length, NAME));
        octal(header, MODE_AT, 8, 0644);
        octal(header, UID_AT, 8, 0);
        octal(header, GID_AT, 8, 0);
        octal(header, SIZE_AT, 12, content.length);
        octal(header, TIME_AT, 12, time.getEpochSecond());
        Arrays.fill(header, CHECKSUM_AT, CHECKSUM_AT + 8, (byte) ' ');
        header[TYPE_AT] = '0';
        byte[] magic = "ustar\00000".getBytes(US_ASCII);
        System.arraycopy(magic, 0, header, MAGIC_AT, magic.length);
        int sum = 0;
        for (byte b : header) {
            sum += Byte.toUnsignedInt(b);
        }
        octal(header, CHECKSUM_AT, 7, sum);
        out.write(header);
        out.write(content);
        out.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private static void octal(byte[] header, int at, int width, long value) {
        byte[] digits =
                String.format(Locale.ROOT, "%0" + (width - 1) + "o", value).getBytes(US_ASCII);
        System.arraycopy(digits, 0, header, at, digits.length);
        header[at + width - 1] = 0;
    }

    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }
}
