package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ratis' log files, as far as we have to look into them before it does.
 *
 * <p>Ratis allocates a log file with zeros and writes entries over them: a length, the entry, a checksum. A process that is
 * killed within a write, or a machine that loses power, leaves a last entry of which some sectors are still zero. It was
 * never acknowledged, since that comes after the file was forced to disk, but Ratis would refuse the whole log for its
 * checksum: so it is cut off. An entry that is wrong without such a sector is damage, and is reported.
 */
final class LogFiles {

    private static final Logger log = LoggerFactory.getLogger(LogFiles.class);

    private static final String SEGMENTS = "log_*";
    private static final String OPEN_SEGMENTS = "log_inprogress_*";
    private static final Pattern FIRST_INDEX = Pattern.compile("log_(?:inprogress_)?(\\d+)(?:-\\d+)?");
    private static final int HEADER_BYTES = 8;
    private static final int CHECKSUM_BYTES = 4;
    private static final int SECTOR_BYTES = 512;
    private static final int MAX_LENGTH_BYTES = 5;

    private final byte[] bytes;

    private LogFiles(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Repairs the open segment in Ratis' directory, if there is one.
     *
     * @throws IOException naming file and position if the log is damaged
     */
    static void repair(Path groupDirectory) throws IOException {
        for (Path segment : list(groupDirectory, OPEN_SEGMENTS)) {
            repairSegment(segment);
        }
    }

    /**
     * Makes sure that the log goes on where the snapshot ends.
     *
     * @param snapshotIndex the last entry that is in the snapshot, -1 without one
     * @throws IOException naming the directory if entries between the two are missing
     */
    static void requireContinuation(Path groupDirectory, long snapshotIndex) throws IOException {
        long first = Long.MAX_VALUE;
        for (Path segment : list(groupDirectory, SEGMENTS)) {
            Matcher name =
                    FIRST_INDEX.matcher(requireNonNull(segment.getFileName()).toString());
            if (name.matches()) {
                first = Math.min(first, Long.parseLong(name.group(1)));
            }
        }
        if (first != Long.MAX_VALUE && first > snapshotIndex + 1) {
            throw new IOException(
                    "a snapshot is missing in %s: the log begins with entry %d, the newest snapshot ends with %d"
                            .formatted(groupDirectory, first, snapshotIndex));
        }
    }

    private static List<Path> list(Path groupDirectory, String glob) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(groupDirectory.resolve("current"), glob)) {
            files.forEach(found::add);
        } catch (NoSuchFileException neverStarted) {
            return List.of();
        }
        return found;
    }

    private static void repairSegment(Path segment) throws IOException {
        var tail = new LogFiles(Files.readAllBytes(segment));
        OptionalLong broken = tail.firstBrokenEntry();
        if (broken.isEmpty()) {
            return;
        }
        int position = (int) broken.getAsLong();
        if (!tail.isTorn(position)) {
            throw new IOException("log file %s is damaged at byte %d".formatted(segment, position));
        }
        log.atWarn()
                .addKeyValue("file", segment)
                .addKeyValue("position", position)
                .log("the last entry of the log was never finished and is cut off");
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            channel.truncate(position);
            channel.force(true);
        }
    }

    /** Where the first entry begins that is neither whole nor the zeros after the last. */
    private OptionalLong firstBrokenEntry() {
        int position = HEADER_BYTES;
        while (position < bytes.length) {
            if (bytes[position] == 0) {
                return isZero(position, bytes.length) ? OptionalLong.empty() : OptionalLong.of(position);
            }
            long end = endOfEntry(position).orElse(Long.MAX_VALUE);
            if (end > bytes.length || !isChecksumRight(position, (int) end)) {
                return OptionalLong.of(position);
            }
            position = (int) end;
        }
        return OptionalLong.empty();
    }

    /** Where the entry at this position ends with its checksum, perhaps beyond the file; nothing if its length is absurd. */
    private OptionalLong endOfEntry(int position) {
        long length = 0;
        for (int i = 0; i < MAX_LENGTH_BYTES && position + i < bytes.length; i++) {
            byte next = bytes[position + i];
            length |= (long) (next & 0x7f) << (7 * i);
            if (next >= 0) {
                return length > RaftSettings.MAX_ENTRY_BYTES
                        ? OptionalLong.empty()
                        : OptionalLong.of(position + i + 1 + length + CHECKSUM_BYTES);
            }
        }
        return position + MAX_LENGTH_BYTES < bytes.length ? OptionalLong.empty() : OptionalLong.of(bytes.length + 1L);
    }

    private boolean isChecksumRight(int position, int end) {
        var checksum = new CRC32C();
        checksum.update(bytes, position, end - CHECKSUM_BYTES - position);
        return ByteBuffer.wrap(bytes).getInt(end - CHECKSUM_BYTES) == (int) checksum.getValue();
    }

    /** Whether the entry misses its end, or a sector that was never written. */
    private boolean isTorn(int position) {
        if (bytes[position] == 0) {
            return isZero(position, endOfSector(position));
        }
        long end = endOfEntry(position).orElse(bytes.length);
        if (end > bytes.length) {
            return true;
        }
        for (int from = position; from < end; from = endOfSector(from)) {
            if (isZero(from, (int) Math.min(end, endOfSector(from)))) {
                return true;
            }
        }
        return false;
    }

    private int endOfSector(int position) {
        return Math.min(bytes.length, (position / SECTOR_BYTES + 1) * SECTOR_BYTES);
    }

    private boolean isZero(int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
