package dev.flynn.images;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.images.TarEntry.Segment;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads tar archives of all kinds that images are made of: v7, ustar, GNU (long names, sparse files), PAX. It believes
 * nothing: headers have their checksum verified, and what describes an entry is bounded, so that no archive costs memory.
 */
final class TarReader {

    static final int BLOCK = 512;
    private static final int MAX_DESCRIPTION = 1 << 20;
    private static final int MAX_SEGMENTS = 100_000;
    private static final String XATTR = "SCHILY.xattr.";

    private final InputStream in;
    private final byte[] block = new byte[BLOCK];
    private final Map<String, String> globals = new HashMap<>();
    private long unread;
    private int padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /**
     * The next entry; what was not read of the one before is passed over.
     *
     * @return null at the end of the archive
     */
    @Nullable
    TarEntry next() throws IOException {
        finishEntry();
        var described = new Description();
        while (true) {
            if (!readHeader()) {
                if (!described.isEmpty()) {
                    throw corrupt("it ends after the description of an entry");
                }
                return null;
            }
            char type = (char) (block[156] & 0xff);
            switch (type) {
                case 'L' -> described.longName = cut(readDescription());
                case 'K' -> described.longLink = cut(readDescription());
                case 'x', 'X' -> parsePax(readDescription(), described.pax, described.segments);
                case 'g' -> parsePax(readDescription(), globals, new ArrayList<>());
                default -> {
                    return entry(type, described);
                }
            }
        }
    }

    /** Reads from the content of the current entry, as it is stored. */
    int read(byte[] buffer) throws IOException {
        if (unread == 0) {
            return -1;
        }
        int count = in.read(buffer, 0, (int) Math.min(buffer.length, unread));
        if (count < 0) {
            throw truncated();
        }
        unread -= count;
        return count;
    }

    private void finishEntry() throws IOException {
        long left = unread + padding;
        unread = 0;
        padding = 0;
        try {
            in.skipNBytes(left);
        } catch (EOFException e) {
            throw truncated();
        }
    }

    private void expect(long size) {
        unread = size;
        padding = (int) (-size & (BLOCK - 1));
    }

    /** @return false at the end of the archive */
    private boolean readHeader() throws IOException {
        int count = in.readNBytes(block, 0, BLOCK);
        if (count == 0 || (count == BLOCK && isZero())) {
            return false;
        }
        if (count < BLOCK) {
            throw truncated();
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
        }
        // digits, and a NUL or a space after them: anything else is no header
        String digits = text(148, 8).trim();
        if (!digits.matches("[0-7]{1,7}") || sum != Long.parseLong(digits, 8)) {
            throw corrupt("a header has a wrong checksum");
        }
        return true;
    }

    private boolean isZero() {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private byte[] readDescription() throws IOException {
        long size = number(124, 12);
        if (size < 0 || size > MAX_DESCRIPTION) {
            throw corrupt("the description of an entry has %d bytes".formatted(size));
        }
        byte[] description = in.readNBytes((int) size);
        if (description.length < size) {
            throw truncated();
        }
        expect(size);
        unread = 0;
        finishEntry();
        return description;
    }

    private TarEntry entry(char headerType, Description described) throws IOException {
        var pax = new HashMap<>(globals);
        pax.putAll(described.pax);

        String name = described.longName != null ? described.longName : headerName();
        name = pax.getOrDefault("GNU.sparse.name", pax.getOrDefault("path", name));
        String link = described.longLink != null ? described.longLink : text(157, 100);
        link = pax.getOrDefault("linkpath", link);

        long stored = pax.containsKey("size") ? decimal(pax.get("size")) : number(124, 12);
        if (stored < 0) {
            throw corrupt("\"%s\" has a negative size".formatted(printable(name)));
        }
        char type = type(headerType, name);
        long size = stored;
        List<Segment> segments = List.of();
        if (headerType == TarEntry.SPARSE) {
            size = number(483, 12);
            segments = readOldSegments();
        }
        expect(hasContent(type) ? stored : 0);
        if (pax.containsKey("GNU.sparse.major") || pax.containsKey("GNU.sparse.size")) {
            type = TarEntry.SPARSE;
            size = decimal(pax.getOrDefault("GNU.sparse.realsize", pax.getOrDefault("GNU.sparse.size", "0")));
            segments = paxSegments(pax, described.segments);
        }
        if (type == TarEntry.SPARSE) {
            segments = checked(segments, size, printable(name));
        } else if (type != TarEntry.FILE) {
            size = 0;
        }

        var xattrs = new HashMap<String, String>();
        pax.forEach((key, value) -> {
            if (key.startsWith(XATTR)) {
                xattrs.put(key.substring(XATTR.length()), value);
            }
        });
        Timestamp mtime = pax.containsKey("mtime") ? timestamp(pax.get("mtime")) : new Timestamp(number(136, 12), 0);
        boolean device = type == TarEntry.CHARACTER_DEVICE || type == TarEntry.BLOCK_DEVICE;
        return new TarEntry(
                name,
                type,
                (int) number(100, 8) & 07777,
                id(pax.get("uid"), number(108, 8)),
                id(pax.get("gid"), number(116, 8)),
                size,
                mtime.seconds,
                mtime.nanos,
                link,
                device ? (int) number(329, 8) : 0,
                device ? (int) number(337, 8) : 0,
                xattrs,
                segments);
    }

    /** Links, directories and devices have a size in some archives, and nothing that follows. */
    private static boolean hasContent(char type) {
        return type < TarEntry.HARD_LINK || type > TarEntry.FIFO;
    }

    private static char type(char header, String name) {
        return switch (header) {
            case '\0', '0', '7' -> name.endsWith("/") ? TarEntry.DIRECTORY : TarEntry.FILE;
            default -> header;
        };
    }

    private String headerName() {
        String name = text(0, 100);
        boolean ustar = text(257, 6).equals("ustar");
        String prefix = ustar ? text(345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private List<Segment> readOldSegments() throws IOException {
        var segments = new ArrayList<Segment>();
        addSegments(segments, 386, 4);
        boolean more = block[482] != 0;
        // the header is still needed
        byte[] header = block.clone();
        while (more) {
            if (in.readNBytes(block, 0, BLOCK) < BLOCK) {
                throw truncated();
            }
            addSegments(segments, 0, 21);
            more = block[504] != 0;
        }
        System.arraycopy(header, 0, block, 0, BLOCK);
        return segments;
    }

    private void addSegments(List<Segment> segments, int at, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            int offset = at + 24 * i;
            if (block[offset] == 0) {
                return;
            }
            segments.add(new Segment(number(offset, 12), number(offset + 12, 12)));
        }
        if (segments.size() > MAX_SEGMENTS) {
            throw corrupt("a sparse file has too many pieces");
        }
    }

    private List<Segment> paxSegments(Map<String, String> pax, List<Segment> collected) throws IOException {
        if ("1".equals(pax.get("GNU.sparse.major"))) {
            return readSegmentsOfContent();
        }
        String map = pax.get("GNU.sparse.map");
        if (map == null) {
            return collected;
        }
        var segments = new ArrayList<Segment>();
        String[] numbers = map.split(",", -1);
        for (int i = 0; i + 1 < numbers.length; i += 2) {
            segments.add(new Segment(decimal(numbers[i]), decimal(numbers[i + 1])));
        }
        return segments;
    }

    /** PAX sparse format 1.0: the content begins with the map, decimal numbers on lines, padded to a block. */
    private List<Segment> readSegmentsOfContent() throws IOException {
        var lines = new LineReader();
        long count = lines.next();
        if (count > MAX_SEGMENTS) {
            throw corrupt("a sparse file has too many pieces");
        }
        var segments = new ArrayList<Segment>();
        for (long i = 0; i < count; i++) {
            segments.add(new Segment(lines.next(), lines.next()));
        }
        return segments;
    }

    /** Reads decimal numbers from the content of the current entry, whole blocks of it. */
    private final class LineReader {

        private final byte[] buffer = new byte[BLOCK];
        private int at = BLOCK;

        long next() throws IOException {
            var digits = new StringBuilder();
            while (true) {
                if (at == BLOCK) {
                    if (unread < BLOCK || in.readNBytes(buffer, 0, BLOCK) < BLOCK) {
                        throw truncated();
                    }
                    unread -= BLOCK;
                    at = 0;
                }
                char c = (char) buffer[at++];
                if (c == '\n') {
                    return decimal(digits.toString());
                }
                if (digits.length() > 20) {
                    throw corrupt("the map of a sparse file is not one");
                }
                digits.append(c);
            }
        }
    }

    /** In order, without overlap, within the file, and exactly as long as what is stored. */
    private List<Segment> checked(List<Segment> segments, long size, String name) throws IOException {
        long end = 0;
        long total = 0;
        for (Segment segment : segments) {
            if (segment.offset() < end || segment.length() < 0 || segment.length() > size - segment.offset()) {
                throw corrupt("the pieces of the sparse file \"%s\" overlap or lie outside of it".formatted(name));
            }
            end = segment.offset() + segment.length();
            total += segment.length();
        }
        if (total != unread) {
            throw corrupt("the sparse file \"%s\" has %d bytes, and pieces of %d".formatted(name, unread, total));
        }
        return segments;
    }

    private static void parsePax(byte[] records, Map<String, String> pax, List<Segment> segments) throws IOException {
        String text = new String(records, ISO_8859_1);
        long offset = -1;
        int at = 0;
        while (at < text.length()) {
            int space = text.indexOf(' ', at);
            if (space < 0) {
                throw corrupt("a PAX record has no length");
            }
            long length = decimal(text.substring(at, space));
            if (length < space - at + 3
                    || length > text.length() - at
                    || text.charAt((int) (at + length - 1)) != '\n') {
                throw corrupt("a PAX record has a wrong length");
            }
            int end = (int) (at + length - 1);
            int equals = text.indexOf('=', space);
            if (equals < 0 || equals > end) {
                throw corrupt("a PAX record has no value");
            }
            String key = text.substring(space + 1, equals);
            String value = text.substring(equals + 1, end);
            at = end + 1;
            if (key.equals("GNU.sparse.offset")) {
                offset = decimal(value);
            } else if (key.equals("GNU.sparse.numbytes")) {
                segments.add(new Segment(offset, decimal(value)));
            } else if (value.isEmpty()) {
                pax.remove(key);
            } else {
                pax.put(key, value);
            }
        }
    }

    /** A number of the header: octal digits, or binary with the highest bit set. */
    private long number(int at, int length) throws IOException {
        if ((block[at] & 0x80) != 0) {
            return binary(at, length);
        }
        String digits = text(at, length).trim();
        if (digits.isEmpty()) {
            return 0;
        }
        try {
            return Long.parseUnsignedLong(digits, 8);
        } catch (NumberFormatException e) {
            throw corrupt("a header has \"%s\" for a number".formatted(printable(digits)));
        }
    }

    private long binary(int at, int length) throws IOException {
        boolean negative = (block[at] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (int i = at; i < at + length; i++) {
            int octet = i == at ? (negative ? block[i] | 0x80 : block[i] & 0x7f) & 0xff : block[i] & 0xff;
            long shifted = (value << 8) | octet;
            if (shifted >> 8 != value) {
                throw corrupt("a number of a header is too large");
            }
            value = shifted;
        }
        return value;
    }

    private String text(int at, int length) {
        int end = at;
        while (end < at + length && block[end] != 0) {
            end++;
        }
        return new String(block, at, end - at, ISO_8859_1);
    }

    private static String cut(byte[] terminated) {
        String text = new String(terminated, ISO_8859_1);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }

    private static long decimal(@Nullable String digits) throws IOException {
        try {
            long value = Long.parseLong(digits);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw corrupt("\"%s\" is not a number".formatted(printable(String.valueOf(digits))));
    }

    private static long id(@Nullable String pax, long header) throws IOException {
        long id = pax == null ? header : decimal(pax);
        if (id < 0 || id > 0xffff_fffeL) {
            throw corrupt("%d is not the id of a user or group".formatted(id));
        }
        return id;
    }

    private record Timestamp(long seconds, int nanos) {}

    private static Timestamp timestamp(@Nullable String text) throws IOException {
        try {
            var value = new BigDecimal(String.valueOf(text));
            if (value.precision() > 30 || Math.abs(value.scale()) > 30) {
                throw new NumberFormatException();
            }
            long seconds = value.setScale(0, RoundingMode.FLOOR).longValueExact();
            int nanos = value.subtract(BigDecimal.valueOf(seconds))
                    .movePointRight(9)
                    .intValue();
            return new Timestamp(seconds, nanos);
        } catch (ArithmeticException | NumberFormatException e) {
            throw corrupt("\"%s\" is not a time".formatted(printable(String.valueOf(text))));
        }
    }

    /** A name as it can be shown in a message: short, and without control characters. */
    static String printable(String bytes) {
        String text = new String(bytes.getBytes(ISO_8859_1), UTF_8).replaceAll("\\p{Cntrl}", "?");
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }

    private static IOException truncated() {
        return new EOFException("the archive is truncated");
    }

    private static IOException corrupt(String why) {
        return new IOException("the archive is corrupt: " + why);
    }

    /** What stood before the header of an entry. */
    private static final class Description {

        private @Nullable String longName;
        private @Nullable String longLink;
        private final Map<String, String> pax = new HashMap<>();
        private final List<Segment> segments = new ArrayList<>();

        boolean isEmpty() {
            return longName == null && longLink == null && pax.isEmpty();
        }
    }
}
