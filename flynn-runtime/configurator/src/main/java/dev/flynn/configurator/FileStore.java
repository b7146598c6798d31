package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A document in a file; the values that macros name are files below the directory of the same name that ends in {@code .d}. Who
 * edits the file is noticed within a second.
 */
final class FileStore implements ConfigStore {

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final Path file;
    private final Path values;
    private final ScheduledExecutorService poll =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("configurator-file"));

    /** Only to be touched by the thread that polls. */
    private String seen = "";

    FileStore(Path file) {
        this.file = file.toAbsolutePath().normalize();
        String name = this.file.getFileName().toString();
        this.values = this.file.resolveSibling(name.replaceFirst("\\.json$", "") + ".d");
    }

    @Override
    public synchronized Stored pull() {
        try {
            String text = Files.readString(file);
            return new Stored(Json.parse(text), text);
        } catch (NoSuchFileException e) {
            throw FlynnException.unavailable(
                    "there is no file %s; put a document there, such as {}".formatted(file), e);
        } catch (IOException e) {
            throw FlynnException.unavailable("%s cannot be read (%s)".formatted(file, e.getMessage()), e);
        }
    }

    @Override
    public synchronized boolean commit(JsonNode document, String revision) {
        if (!pull().revision().equals(revision)) {
            return false;
        }
        AtomicFiles.replace(file, Json.pretty(document));
        return true;
    }

    @Override
    public Optional<String> value(String path) {
        try {
            Path found = below(path);
            return Files.isRegularFile(found) ? Optional.of(Files.readString(found)) : Optional.empty();
        } catch (IOException e) {
            throw FlynnException.unavailable("%s cannot be read (%s)".formatted(path, e.getMessage()), e);
        }
    }

    @Override
    public List<String> keys(String path) {
        Path directory = below(path);
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> names = Files.list(directory)) {
            return names.map(name -> name.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nothing outside is a value, not even by a link. */
    private Path below(String path) {
        Path found = values.resolve(path.replaceFirst("^/+", "")).normalize();
        try {
            boolean inside = found.startsWith(values)
                    && (!Files.exists(found) || found.toRealPath().startsWith(values.toRealPath()));
            if (!inside) {
                throw Refusal.invalid("\"%s\" is not below %s".formatted(path, values));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void watch(Runnable changed) {
        var unused = poll.scheduleWithFixedDelay(() -> look(changed), 0, POLL.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look(Runnable changed) {
        String now;
        try {
            now = Files.readString(file);
        } catch (IOException beingReplaced) {
            return;
        }
        boolean isFirst = seen.isEmpty();
        boolean isOther = !now.equals(seen);
        seen = now;
        if (isOther && !isFirst) {
            changed.run();
        }
    }

    @Override
    public void close() {
        Executors.stop(poll, "configurator", STOP_PATIENCE);
    }
}
