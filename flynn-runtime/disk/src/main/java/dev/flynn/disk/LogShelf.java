package dev.flynn.disk;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.disk.Item.Worth;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The logs of the jobs of a host; each file's name begins with the id of its app. */
public final class LogShelf implements Shelf {

    private static final String NAME = "logs";
    private static final int ID_CHARS = 36;

    private final Path directory;
    private final ClusterState state;

    public LogShelf(Path directory, ClusterState state) {
        this.directory = directory;
        this.state = state;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<Item> items() throws IOException {
        Map<AppId, Boolean> known = new HashMap<>();
        List<Item> items = new ArrayList<>();
        try (var files = Files.newDirectoryStream(directory, Files::isRegularFile)) {
            for (Path file : files) {
                read(file, known).ifPresent(items::add);
            }
        }
        return items;
    }

    private Optional<Item> read(Path file, Map<AppId, Boolean> known) throws IOException {
        String name = file.getFileName().toString();
        Optional<AppId> app = name.length() >= ID_CHARS && Ids.isId(name.substring(0, ID_CHARS))
                ? Optional.of(AppId.of(name.substring(0, ID_CHARS)))
                : Optional.empty();
        Worth worth = app.map(id -> known.computeIfAbsent(
                                id, any -> state.apps().find(any.toString()).isPresent()))
                        .orElse(true)
                ? Worth.OWNED
                : Worth.LEFT_OVER_TRIVIAL;
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            Instant written = attributes.lastModifiedTime().toInstant();
            return Optional.of(new Item(NAME, name, app, attributes.size(), written, worth));
        } catch (NoSuchFileException rotated) {
            return Optional.empty();
        }
    }

    @Override
    public boolean delete(Item item) throws IOException {
        return Files.deleteIfExists(directory.resolve(item.id()));
    }
}
