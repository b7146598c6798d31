package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * The bytes of a head while it is put together. Many small pieces go into an array, which is used again for the next head, and
 * all of them to the system's memory at once. Not thread-safe.
 */
public final class HeadBuffer {

    private static final int LONGEST_DECIMAL = 19;

    private byte[] bytes = new byte[2048];
    private int length;

    /** Begins with the next head. */
    public HeadBuffer clear() {
        length = 0;
        return this;
    }

    public HeadBuffer add(byte[] more) {
        return add(more, 0, more.length);
    }

    public HeadBuffer add(byte[] source, int from, int count) {
        reserve(count);
        System.arraycopy(source, from, bytes, length, count);
        length += count;
        return this;
    }

    public HeadBuffer add(char ascii) {
        reserve(1);
        bytes[length++] = (byte) ascii;
        return this;
    }

    /** @param ascii characters of no other kind */
    public HeadBuffer add(String ascii) {
        reserve(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            bytes[length++] = (byte) ascii.charAt(i);
        }
        return this;
    }

    /** @param number not negative */
    public HeadBuffer addDecimal(long number) {
        reserve(LONGEST_DECIMAL);
        int start = length;
        long rest = number;
        do {
            bytes[length++] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        for (int low = start, high = length - 1; low < high; low++, high--) {
            byte digit = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = digit;
        }
        return this;
    }

    /**
     * What was put together, to be released by who asks.
     *
     * @param room for what will be written behind it
     */
    public ByteBuf toBuffer(ByteBufAllocator allocator, int room) {
        return allocator.directBuffer(length + room).writeBytes(bytes, 0, length);
    }

    private void reserve(int count) {
        if (bytes.length - length < count) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + count));
        }
    }
}
