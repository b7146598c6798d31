package dev.flynn.blobstore;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A part of an object (RFC 9110, section 14).
 *
 * @param asked whether the client asked for a range at all
 */
record ByteRange(long first, long length, boolean asked) {

    private static final Pattern SINGLE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    /** One range; a header that asks for several, or is malformed, means the whole. Null if there is no such part. */
    static @Nullable ByteRange parse(String header, long size) {
        Matcher range = SINGLE.matcher(header.strip());
        if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
            return new ByteRange(0, size, false);
        }
        if (range.group(1).isEmpty()) {
            long last = Math.min(size, Long.parseLong(range.group(2)));
            return last == 0 ? null : new ByteRange(size - last, last, true);
        }
        long first = Long.parseLong(range.group(1));
        long end = range.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(range.group(2)));
        if (!range.group(2).isEmpty() && Long.parseLong(range.group(2)) < first) {
            return new ByteRange(0, size, false);
        }
        return first >= size ? null : new ByteRange(first, end - first + 1, true);
    }
}
