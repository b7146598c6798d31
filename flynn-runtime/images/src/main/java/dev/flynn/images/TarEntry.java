package dev.flynn.images;

import java.util.List;
import java.util.Map;

/**
 * One entry of a tar archive. Text is kept as the bytes that it is made of, one per character: file names of images are not
 * always UTF-8, and what this JVM takes for the encoding of file names does not matter.
 *
 * @param name as the archive has it; nothing is checked
 * @param type see the constants
 * @param mode permission bits, with set-user-id, set-group-id and sticky
 * @param size of the content, holes included
 * @param mtimeSeconds since 1970
 * @param linkName where a link leads to
 * @param xattrs extended attributes by name
 * @param segments where the content is that a sparse file has; empty unless {@code type} is {@link #SPARSE}
 */
record TarEntry(
        String name,
        char type,
        int mode,
        long uid,
        long gid,
        long size,
        long mtimeSeconds,
        int mtimeNanos,
        String linkName,
        int major,
        int minor,
        Map<String, String> xattrs,
        List<Segment> segments) {

    static final char FILE = '0';
    static final char HARD_LINK = '1';
    static final char SYMLINK = '2';
    static final char CHARACTER_DEVICE = '3';
    static final char BLOCK_DEVICE = '4';
    static final char DIRECTORY = '5';
    static final char FIFO = '6';
    static final char SPARSE = 'S';

    /** A piece of a sparse file that is no hole. */
    record Segment(long offset, long length) {}

    TarEntry {
        xattrs = Map.copyOf(xattrs);
        segments = List.copyOf(segments);
    }

    /** A directory that no archive described. */
    static TarEntry directory(String name, long mtimeSeconds) {
        return new TarEntry(name, DIRECTORY, 0755, 0, 0, 0, mtimeSeconds, 0, "", 0, 0, Map.of(), List.of());
    }

    /** What overlayfs takes for "there is nothing of this name". */
    static TarEntry whiteout(String name) {
        return new TarEntry(name, CHARACTER_DEVICE, 0, 0, 0, 0, 0, 0, "", 0, 0, Map.of(), List.of());
    }

    TarEntry withName(String other) {
        return new TarEntry(
                other, type, mode, uid, gid, size, mtimeSeconds, mtimeNanos, linkName, major, minor, xattrs, segments);
    }

    TarEntry withLinkName(String other) {
        return new TarEntry(
                name, type, mode, uid, gid, size, mtimeSeconds, mtimeNanos, other, major, minor, xattrs, segments);
    }

    TarEntry withXattrs(Map<String, String> other) {
        return new TarEntry(
                name, type, mode, uid, gid, size, mtimeSeconds, mtimeNanos, linkName, major, minor, other, segments);
    }

    /** How many bytes of content follow in the archive. */
    long storedSize() {
        return switch (type) {
            case FILE -> size;
            case SPARSE -> segments.stream().mapToLong(Segment::length).sum();
            default -> 0;
        };
    }
}
