package dev.flynn.containers.oci;

import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells which files in some directories are new or were written to. */
final class FileEvents implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FileEvents.class);

    private final WatchService service;
    private final Consumer<String> changed;
    private final Runnable tooMany;

    /**
     * @param changed is called with the name of each file, on one thread
     * @param tooMany is called when some changes were lost
     */
    FileEvents(Consumer<String> changed, Runnable tooMany, Path... directories) throws IOException {
        this.service = FileSystems.getDefault().newWatchService();
        this.changed = changed;
        this.tooMany = tooMany;
        for (Path directory : directories) {
            directory.register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
        }
        new NamedThreads("oci-files").newThread(this::run).start();
    }

    private void run() {
        try {
            while (true) {
                WatchKey key = service.take();
                key.pollEvents().forEach(this::tell);
                key.reset();
            }
        } catch (ClosedWatchServiceException | InterruptedException closed) {
            log.atDebug().log("no more files are watched");
        }
    }

    private void tell(WatchEvent<?> event) {
        try {
            if (event.kind() == StandardWatchEventKinds.OVERFLOW) {
                tooMany.run();
            } else if (event.context() instanceof Path name) {
                changed.accept(name.toString());
            }
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a change of a job's files was not followed");
        }
    }

    @Override
    public void close() {
        try {
            service.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("cannot close the watch of files");
        }
    }
}
