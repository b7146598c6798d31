package dev.flynn.images;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/** Tells by its first bytes how a layer is compressed: media types are not always right. */
final class Compression {

    private static final int MAGIC = 6;
    private static final int BUFFER = 1 << 16;

    private Compression() {}

    static InputStream decompress(InputStream packed) throws IOException {
        var in = new PushbackInputStream(packed, MAGIC);
        byte[] first = in.readNBytes(MAGIC);
        in.unread(first);
        String magic = HexFormat.of().formatHex(first);
        if (magic.startsWith("1f8b")) {
            return new GZIPInputStream(in, BUFFER);
        }
        if (magic.startsWith("28b52ffd") || magic.matches("5[0-9a-f]2a4d18.*")) {
            return zstd(in);
        }
        String other = magic.startsWith("fd377a585a00")
                ? "xz"
                : magic.startsWith("425a68") ? "bzip2" : magic.startsWith("04224d18") ? "lz4" : "";
        if (!other.isEmpty()) {
            throw new IOException("a layer is compressed with %s; gzip, zstd and none are understood".formatted(other));
        }
        return in;
    }

    private static InputStream zstd(InputStream in) throws IOException {
        try {
            return new ZstdInputStream(in);
        } catch (LinkageError e) {
            throw new IOException(
                    "a layer is compressed with zstd, whose library cannot be loaded; programs have to be allowed in %s"
                            .formatted(System.getProperty("java.io.tmpdir")),
                    e);
        }
    }
}
