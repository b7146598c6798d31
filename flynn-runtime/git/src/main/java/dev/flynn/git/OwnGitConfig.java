package dev.flynn.git;

import java.nio.file.Path;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/**
 * Keeps JGit to the platform's own directory: neither the machine's nor the user's configuration changes what a push does, and
 * what JGit learns of the file system is not written to anybody's home.
 */
final class OwnGitConfig extends SystemReader.Delegate {

    private final SystemReader system;
    private final Path file;

    private OwnGitConfig(SystemReader system, Path file) {
        super(system);
        this.system = system;
        this.file = file;
    }

    /** From now on, for all of this JVM. */
    static void use(Path directory) {
        // else the first push to a new host waits three seconds until it is known how exact times of files are; before
        // that
        // they are taken to be coarse
        FS.FileStoreAttributes.setBackground(true);
        SystemReader now = SystemReader.getInstance();
        SystemReader system = now instanceof OwnGitConfig own ? own.system : now;
        SystemReader.setInstance(new OwnGitConfig(system, directory.resolve("jgit.config")));
    }

    @Override
    public FileBasedConfig openSystemConfig(@Nullable Config parent, FS fs) {
        return new Empty(parent, fs);
    }

    @Override
    public FileBasedConfig openUserConfig(@Nullable Config parent, FS fs) {
        return new Empty(parent, fs);
    }

    @Override
    public FileBasedConfig openJGitConfig(@Nullable Config parent, FS fs) {
        return new FileBasedConfig(parent, file.toFile(), fs);
    }

    /** Has nothing in it and keeps nothing. */
    private static final class Empty extends FileBasedConfig {

        Empty(@Nullable Config parent, FS fs) {
            super(parent, Path.of("/dev/null").toFile(), fs);
        }

        @Override
        public void load() {
            // there is nothing to load
        }

        @Override
        public void save() {
            // nothing is kept
        }

        @Override
        public boolean isOutdated() {
            return false;
        }
    }
}
