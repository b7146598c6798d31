package dev.flynn.router.message;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Fresh ids of requests: UUIDs of version 4. Unique, not secret, so that a fast source of randomness will do. */
public final class RequestIds {

    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private RequestIds() {}

    public static String text() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(high(random), low(random)).toString();
    }

    /** Without an object on the way. */
    static void write(HeadBuffer out) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = high(random);
        long low = low(random);
        writeHex(high, 64, 32, out);
        out.add('-');
        writeHex(high, 32, 16, out);
        out.add('-');
        writeHex(high, 16, 0, out);
        out.add('-');
        writeHex(low, 64, 48, out);
        out.add('-');
        writeHex(low, 48, 0, out);
    }

    private static long high(ThreadLocalRandom random) {
        return (random.nextLong() & ~0xf000L) | 0x4000L;
    }

    private static long low(ThreadLocalRandom random) {
        return (random.nextLong() & ~(0xc0L << 56)) | (0x80L << 56);
    }

    /** Writes the bits from one position (exclusive, counted from the lowest) down to another. */
    private static void writeHex(long bits, int from, int to, HeadBuffer out) {
        for (int shift = from - 4; shift >= to; shift -= 4) {
            out.add(HEX[(int) (bits >>> shift) & 0xf]);
        }
    }
}
