package dev.flynn.images;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * GNU tar as it extracts into a directory what is put into it here: owners, modes, times, devices and extended attributes,
 * exactly and at the speed of the file system, none of which Java can do alone.
 */
final class ExtractingTar implements AutoCloseable {

    /** By what overlayfs knows a directory that hides those below it. */
    static final String OPAQUE = "trusted.overlay.opaque";

    private static final Logger log = LoggerFactory.getLogger(ExtractingTar.class);
    private static final int BUFFER = 1 << 16;
    private static final int SHOWN = 2_000;
    private static final boolean ROOT = isRoot();

    private final Process process;
    private final Path complaints;
    private final TarWriter writer;

    private ExtractingTar(Process process, Path complaints) {
        this.process = process;
        this.complaints = complaints;
        this.writer = new TarWriter(new BufferedOutputStream(process.getOutputStream(), BUFFER));
    }

    /** @param directory its parent takes a file for the time being */
    static ExtractingTar start(Path directory) throws IOException {
        Path complaints = directory.resolveSibling("tar.log");
        var command = new ArrayList<>(List.of(
                "tar",
                "--extract",
                "--file=-",
                "--directory=" + directory,
                "--absolute-names",
                "--numeric-owner",
                "--preserve-permissions",
                ROOT ? "--same-owner" : "--no-same-owner",
                "--xattrs",
                "--xattrs-include=*",
                "--no-selinux",
                "--delay-directory-restore",
                "--warning=no-timestamp"));
        var builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(complaints.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
        builder.environment().put("LC_ALL", "C");
        try {
            return new ExtractingTar(builder.start(), complaints);
        } catch (IOException e) {
            throw new IOException("images are unpacked by GNU tar, which does not start: " + e.getMessage(), e);
        }
    }

    void put(TarEntry entry) throws IOException {
        if (!ROOT
                && (entry.type() == TarEntry.CHARACTER_DEVICE || entry.xattrs().containsKey(OPAQUE))) {
            throw new IOException("the layer deletes \"%s\" of those beneath it; only root can unpack that"
                    .formatted(TarReader.printable(entry.name())));
        }
        try {
            writer.put(entry);
        } catch (IOException e) {
            throw explained(e);
        }
    }

    void write(byte[] content, int length) throws IOException {
        try {
            writer.write(content, length);
        } catch (IOException e) {
            throw explained(e);
        }
    }

    /** Waits until everything is extracted. */
    void finish() throws IOException {
        try {
            writer.close();
        } catch (IOException e) {
            throw explained(e);
        }
        int status = await();
        String said = said();
        if (status != 0 || said.contains(OPAQUE)) {
            throw new IOException("cannot unpack a layer: tar ended with %d: %s".formatted(status, said));
        }
        if (!said.isEmpty()) {
            log.debug("unpacking a layer, tar said: {}", said);
        }
    }

    /** A broken pipe says nothing; why tar ended does. */
    private IOException explained(IOException e) throws IOException {
        if (!process.isAlive() || e.getMessage() == null || e.getMessage().contains("pipe")) {
            int status = await();
            return new IOException("cannot unpack a layer: tar ended with %d: %s".formatted(status, said()), e);
        }
        return e;
    }

    private int await() throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a layer was unpacked");
        }
    }

    private String said() throws IOException {
        try (var in = Files.newInputStream(complaints)) {
            return new String(in.readNBytes(SHOWN), StandardCharsets.UTF_8).trim();
        }
    }

    /** Ends tar if it has not ended by itself; what it wrote is then of no use. */
    @Override
    public void close() throws IOException {
        boolean interrupted = false;
        process.destroyForcibly();
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(complaints);
    }

    private static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
