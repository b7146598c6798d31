package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Writes the archive of a layer, with another library than the one that is tested, and believing everything. */
final class LayerTar {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, UTF_8.name());

    private boolean finished;

    LayerTar() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
    }

    LayerTar directory(String name, int mode) {
        return put(entry(name + "/", TarConstants.LF_DIR, mode), "");
    }

    LayerTar file(String name, String content) {
        return put(entry(name, TarConstants.LF_NORMAL, 0644), content);
    }

    LayerTar file(String name, int mode, int uid, int gid, String content) {
        TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, mode);
        entry.setIds(uid, gid);
        return put(entry, content);
    }

    LayerTar file(String name, String content, Map<String, String> pax) {
        TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, 0755);
        pax.forEach(entry::addPaxHeader);
        return put(entry, content);
    }

    LayerTar symlink(String name, String target) {
        TarArchiveEntry entry = entry(name, TarConstants.LF_SYMLINK, 0777);
        entry.setLinkName(target);
        return put(entry, "");
    }

    LayerTar hardLink(String name, String target) {
        TarArchiveEntry entry = entry(name, TarConstants.LF_LINK, 0644);
        entry.setLinkName(target);
        return put(entry, "");
    }

    LayerTar device(String name, byte type, int major, int minor) {
        TarArchiveEntry entry = entry(name, type, 0666);
        entry.setDevMajor(major);
        entry.setDevMinor(minor);
        return put(entry, "");
    }

    LayerTar fifo(String name) {
        return put(entry(name, TarConstants.LF_FIFO, 0600), "");
    }

    /** A file of which only the header is written: it says how much should follow. */
    byte[] endingWithHeader(String name, long size) {
        try {
            TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, 0644);
            entry.setSize(size);
            tar.putArchiveEntry(entry);
            tar.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TarArchiveEntry entry(String name, byte type, int mode) {
        var entry = new TarArchiveEntry(name, type, true);
        entry.setMode(mode);
        entry.setModTime(1_500_000_000_000L);
        return entry;
    }

    private LayerTar put(TarArchiveEntry entry, String content) {
        try {
            byte[] data = content.getBytes(UTF_8);
            entry.setSize(data.length);
            tar.putArchiveEntry(entry);
            tar.write(data);
            tar.closeArchiveEntry();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] bytes() {
        try {
            if (!finished) {
                tar.finish();
                finished = true;
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] gzip(byte[] plain) {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    static byte[] zstd(byte[] plain) {
        var packed = new ByteArrayOutputStream();
        try (var out = new ZstdOutputStream(packed)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
