package dev.flynn.git;

import dev.flynn.api.id.AppId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/** One bare repository per app, by its id: an app that is deleted and made again begins empty. Thread-safe. */
final class Repositories {

    private static final String EXTENSION = ".git";

    /** Ends the name of what is being made or deleted. */
    private static final String UNFINISHED = ".new";

    private final Path directory;
    private final Map<AppId, Lock> turns = new ConcurrentHashMap<>();

    /** Drops what unfinished creations and deletions left. */
    Repositories(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        try (var unfinished = Files.newDirectoryStream(directory, "*" + UNFINISHED)) {
            for (Path path : unfinished) {
                deleteTree(path);
            }
        }
    }

    /** Opens the app's repository, new if there is none; the caller closes it. */
    synchronized Repository open(AppId app) throws IOException {
        Path path = directory.resolve(app + EXTENSION);
        if (!Files.exists(path)) {
            create(path);
        }
        return bare(path);
    }

    /** A repository is there with its whole configuration, or not at all. */
    private void create(Path path) throws IOException {
        Path fresh = path.resolveSibling(path.getFileName() + UNFINISHED);
        deleteTree(fresh);
        try (Repository repository = bare(fresh)) {
            repository.create(true);
            StoredConfig config = repository.getConfig();
            // what was acknowledged is on the disk
            config.setBoolean(ConfigConstants.CONFIG_CORE_SECTION, null, "fsyncObjectFiles", true);
            config.setBoolean(ConfigConstants.CONFIG_CORE_SECTION, null, "fsyncRefFiles", true);
            config.setBoolean(ConfigConstants.CONFIG_CORE_SECTION, null, "logAllRefUpdates", true);
            config.save();
            repository.updateRef(Constants.HEAD).link(DeployOnPush.MASTER);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Repository bare(Path path) throws IOException {
        return new FileRepositoryBuilder().setGitDir(path.toFile()).setBare().build();
    }

    /**
     * Deletes the repositories of apps that are not there any more, except of those that are pushed to now.
     *
     * @return how many
     */
    int deleteUnless(Predicate<AppId> exists) throws IOException {
        int deleted = 0;
        try (var repositories = Files.newDirectoryStream(directory, "*" + EXTENSION)) {
            for (Path repository : repositories) {
                String name = repository.getFileName().toString();
                AppId app = AppId.of(name.substring(0, name.length() - EXTENSION.length()));
                if (!exists.test(app) && turn(app).tryLock()) {
                    try {
                        Path doomed = repository.resolveSibling(name + UNFINISHED);
                        Files.move(repository, doomed, StandardCopyOption.ATOMIC_MOVE);
                        deleteTree(doomed);
                        deleted++;
                    } finally {
                        turn(app).unlock();
                    }
                }
            }
        }
        return deleted;
    }

    /** Pushes to one app are deployed one after the other. */
    Lock turn(AppId app) {
        return turns.computeIfAbsent(app, id -> new ReentrantLock(true));
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(root)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.deleteIfExists(file);
        }
    }
}
