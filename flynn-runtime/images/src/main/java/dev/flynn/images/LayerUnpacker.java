package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks one layer into a directory of its own, in the form that overlayfs wants: what the layer deletes becomes a character
 * device 0/0, a directory that it replaces has {@code trusted.overlay.opaque}.
 *
 * <p>Entries are checked here, one by one, and handed to GNU tar in one plain form. Refused is what would write outside of
 * the directory or through a link; no entry reaches tar before it is checked, so that what tar does with it is no question.
 */
final class LayerUnpacker {

    private static final Logger log = LoggerFactory.getLogger(LayerUnpacker.class);

    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final String AUFS = ".wh..wh.";
    private static final Map<String, String> OPAQUE_XATTR = Map.of(ExtractingTar.OPAQUE, "y");
    private static final long DISK_BLOCK = 4096;
    private static final long DISK_CHECK = 64L << 20;

    private final LayerLimits limits;
    private final TarReader in;
    private final ExtractingTar tar;
    private final byte[] buffer = new byte[1 << 16];

    /** The type of every entry so far, by its path without slashes at the ends. */
    private final Map<String, Character> types = new HashMap<>();

    private final Map<String, TarEntry> directories = new LinkedHashMap<>();
    private final Set<String> whiteouts = new LinkedHashSet<>();
    private final Set<String> opaque = new LinkedHashSet<>();
    private long used;
    private long usedAtCheck;

    private LayerUnpacker(LayerLimits limits, InputStream layer, ExtractingTar tar) {
        this.limits = limits;
        this.in = new TarReader(layer);
        this.tar = tar;
    }

    /**
     * @param layer a tar archive, not compressed; it is read to the end of the archive
     * @param directory exists and is empty
     * @return the bytes that it takes on the disk
     */
    static long unpack(InputStream layer, Path directory, LayerLimits limits) throws IOException {
        limits.requireDisk();
        try (var tar = ExtractingTar.start(directory)) {
            var unpacker = new LayerUnpacker(limits, layer, tar);
            unpacker.run();
            tar.finish();
            return unpacker.used;
        }
    }

    private void run() throws IOException {
        for (TarEntry entry = in.next(); entry != null; entry = in.next()) {
            add(entry);
        }
        for (String path : whiteouts) {
            Character type = types.get(path);
            if (type == null) {
                tar.put(TarEntry.whiteout(path));
            } else if (type == TarEntry.DIRECTORY) {
                // deleted and made anew: nothing of the old one is to be seen
                opaque.add(path);
            }
        }
        for (String path : opaque) {
            TarEntry directory = directories.get(path);
            if (directory != null) {
                var xattrs = new HashMap<>(directory.xattrs());
                xattrs.putAll(OPAQUE_XATTR);
                tar.put(directory.withXattrs(xattrs));
            }
        }
    }

    private void add(TarEntry entry) throws IOException {
        String path = normal(entry.name());
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (name.startsWith(WHITEOUT)) {
            addWhiteout(path, name, entry.mtimeSeconds());
            return;
        }
        switch (entry.type()) {
            case TarEntry.DIRECTORY -> addDirectory(path, entry);
            case TarEntry.FILE, TarEntry.SPARSE -> addFile(path, entry);
            case TarEntry.SYMLINK -> {
                if (entry.linkName().isEmpty()) {
                    throw refused(entry, "is a symbolic link to nothing");
                }
                addOther(path, entry);
            }
            case TarEntry.HARD_LINK -> addHardLink(path, entry);
            case TarEntry.FIFO -> addOther(path, entry.withLinkName(""));
            case TarEntry.CHARACTER_DEVICE, TarEntry.BLOCK_DEVICE ->
                log.debug("device {} of a layer is left out: jobs have a /dev of their own", TarReader.printable(path));
            default -> throw refused(entry, "is of a type that is not known, '%c'".formatted(entry.type()));
        }
    }

    private void addWhiteout(String path, String name, long mtime) throws IOException {
        String parent = parent(path);
        if (name.equals(OPAQUE)) {
            makeParents(path, mtime);
            opaque.add(parent);
        } else if (!name.startsWith(AUFS)) {
            String hidden = name.substring(WHITEOUT.length());
            if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
                throw new IOException(
                        "the layer deletes \"%s\", which is no name".formatted(TarReader.printable(path)));
            }
            makeParents(path, mtime);
            count(0);
            whiteouts.add(parent.isEmpty() ? hidden : parent + "/" + hidden);
        }
    }

    private void addDirectory(String path, TarEntry entry) throws IOException {
        makeParents(path, entry.mtimeSeconds());
        Character before = types.get(path);
        if (before != null && before != TarEntry.DIRECTORY) {
            throw refused(entry, "is a directory, and something else before");
        }
        putDirectory(path, entry);
    }

    private void putDirectory(String path, TarEntry entry) throws IOException {
        count(DISK_BLOCK);
        TarEntry directory = entry.withName(path.isEmpty() ? "./" : path + "/")
                .withLinkName("")
                .withXattrs(permitted(entry.xattrs()));
        types.put(path, TarEntry.DIRECTORY);
        directories.put(path, directory);
        tar.put(directory);
    }

    private void addFile(String path, TarEntry entry) throws IOException {
        TarEntry file = entry.withLinkName("");
        // before the first byte: what declares more than may be is not begun
        limits.requireBytes(used + Math.max(0, file.storedSize()));
        putChecked(path, file, onDisk(file.storedSize()));
        while (true) {
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            tar.write(buffer, count);
            usedAtCheck += count;
            if (usedAtCheck >= DISK_CHECK) {
                usedAtCheck = 0;
                limits.requireDisk();
            }
        }
    }

    private void addHardLink(String path, TarEntry entry) throws IOException {
        String target = normal(entry.linkName());
        Character type = types.get(target);
        if (type == null || type == TarEntry.DIRECTORY || target.equals(path)) {
            throw refused(
                    entry,
                    "is a hard link to \"%s\", which the layer does not have"
                            .formatted(TarReader.printable(entry.linkName())));
        }
        putChecked(path, entry.withLinkName(target).withXattrs(Map.of()), 0);
    }

    private void addOther(String path, TarEntry entry) throws IOException {
        putChecked(path, entry, 0);
    }

    private void putChecked(String path, TarEntry entry, long bytes) throws IOException {
        if (path.isEmpty()) {
            throw refused(entry, "takes the place of the root directory");
        }
        makeParents(path, entry.mtimeSeconds());
        Character before = types.get(path);
        if (before != null && before == TarEntry.DIRECTORY) {
            throw refused(entry, "was a directory before");
        }
        count(bytes);
        types.put(path, entry.type());
        tar.put(entry.withName(path).withXattrs(permitted(entry.xattrs())));
    }

    /** Every parent is a directory of this layer afterwards: nothing is ever written through a link. */
    private void makeParents(String path, long mtime) throws IOException {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            String parent = path.substring(0, slash);
            Character type = types.get(parent);
            if (type == null) {
                putDirectory(parent, TarEntry.directory(parent, mtime));
            } else if (type != TarEntry.DIRECTORY) {
                throw new IOException("the layer writes \"%s\" through \"%s\", which is not a directory"
                        .formatted(TarReader.printable(path), TarReader.printable(parent)));
            }
        }
    }

    private void count(long bytes) throws IOException {
        used += bytes;
        limits.requireBytes(used);
        limits.requireEntries(types.size() + whiteouts.size() + 1);
    }

    private static long onDisk(long bytes) {
        return (bytes + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
    }

    /** Others are of the machine where the image was made, or would tell overlayfs what the image may not. */
    private static Map<String, String> permitted(Map<String, String> xattrs) {
        if (xattrs.isEmpty()) {
            return xattrs;
        }
        return xattrs.entrySet().stream()
                .filter(xattr -> xattr.getKey().equals("security.capability")
                        || (xattr.getKey().startsWith("user.")
                                && !xattr.getKey().startsWith("user.overlay.")))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** The path below the layer's root, which an absolute name means too. */
    private static String normal(String name) throws IOException {
        var path = new StringBuilder();
        for (String part : name.split("/", -1)) {
            if (part.equals("..")) {
                throw new IOException(
                        "the layer has \"%s\", which may lead out of it".formatted(TarReader.printable(name)));
            }
            if (!part.isEmpty() && !part.equals(".")) {
                path.append(path.isEmpty() ? "" : "/").append(part);
            }
        }
        if (path.indexOf("\0") >= 0) {
            throw new IOException("the layer has \"%s\", which is no name".formatted(TarReader.printable(name)));
        }
        return path.toString();
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private static IOException refused(TarEntry entry, String why) {
        return new IOException("the layer's \"%s\" %s".formatted(TarReader.printable(entry.name()), why));
    }
}
