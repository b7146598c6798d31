package dev.flynn.images;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** What the store does with files: they appear whole, and trees go whole. */
final class StoreFiles {

    private StoreFiles() {}

    /** Writes a small file beside its place and moves it there; after a loss of power it may be empty or not there. */
    static void write(Path file, byte[] content, Path temporary) throws IOException {
        Path part = Files.createTempFile(temporary, "file", ".part");
        try {
            Files.write(part, content);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Brings everything below a directory to the disk; one call for however many files. */
    static void syncTree(Path directory) throws IOException {
        Process sync = new ProcessBuilder("sync", "--file-system", directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (sync.waitFor() != 0) {
                throw new IOException(
                        "cannot bring %s to the disk: sync ended with %d".formatted(directory, sync.exitValue()));
            }
        } catch (InterruptedException e) {
            sync.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a layer was brought to the disk");
        }
    }

    /** Deletes a tree, whatever is in it; links are not followed. What is not there is fine. */
    static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
