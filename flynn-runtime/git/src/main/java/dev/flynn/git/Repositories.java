package dev.flynn.git;

import dev.flynn.api.id.AppId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/** One bare repository per app, by its id: an app that is deleted and made again begins empty. Thread-safe. */
final class Repositories {

    private final Path directory;
    private final Map<AppId, ReentrantLock> locks = new ConcurrentHashMap<>();

    Repositories(Path directory) {
        this.directory = directory;
    }

    /** Opens the app's repository, new if there is none; the caller closes it. */
    Repository open(AppId app) throws IOException {
        Path path = directory.resolve(app + ".git");
        synchronized (this) {
            boolean isNew = !Files.exists(path.resolve("HEAD"));
            Repository repository = new FileRepositoryBuilder()
                    .setGitDir(path.toFile())
                    .setBare()
                    .build();
            if (isNew) {
                repository.create(true);
                configure(repository);
            }
            return repository;
        }
    }

    /** What was acknowledged is on the disk. */
    private static void configure(Repository repository) throws IOException {
        StoredConfig config = repository.getConfig();
        config.setBoolean(ConfigConstants.CONFIG_CORE_SECTION, null, "fsyncObjectFiles", true);
        config.setBoolean(ConfigConstants.CONFIG_CORE_SECTION, null, "fsyncRefFiles", true);
        config.save();
        RefUpdate head = repository.updateRef(Constants.HEAD);
        head.link("refs/heads/master");
    }

    /** Pushes to one app are deployed one after the other. */
    ReentrantLock lock(AppId app) {
        return locks.computeIfAbsent(app, id -> new ReentrantLock(true));
    }
}
