package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The files of a directory. */
record DirectoryMembers(Path directory) implements Members {

    DirectoryMembers {
        directory = directory.normalize();
    }

    @Override
    public boolean has(String name) {
        return path(name).filter(Files::isRegularFile).isPresent();
    }

    @Override
    public InputStream open(String name) throws IOException {
        return Files.newInputStream(existing(name));
    }

    @Override
    public long size(String name) throws IOException {
        return Files.size(existing(name));
    }

    private Path existing(String name) throws IOException {
        return path(name)
                .filter(Files::isRegularFile)
                .orElseThrow(() -> new NoSuchFileException(
                        directory.toString(), null, "has no \"%s\"".formatted(TarReader.printable(name))));
    }

    /** A manifest may name what it likes; what is not below the directory is not there. */
    private Optional<Path> path(String name) {
        try {
            return Optional.of(directory.resolve(name).normalize()).filter(path -> path.startsWith(directory));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    @Override
    public Set<String> names() throws IOException {
        var names = new TreeSet<String>();
        try (var files = Files.newDirectoryStream(directory)) {
            files.forEach(file -> names.add(String.valueOf(file.getFileName())));
        }
        return names;
    }

    @Override
    public void close() {
        // nothing is open
    }
}
