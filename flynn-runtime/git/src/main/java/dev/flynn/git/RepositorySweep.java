package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes the repositories of apps that were deleted, every now and then. */
final class RepositorySweep implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RepositorySweep.class);
    private static final Duration FIRST = Duration.ofMinutes(5);
    private static final Duration PERIOD = Duration.ofHours(1);

    private final Repositories repositories;
    private final ClusterServices services;
    private final ScheduledExecutorService timer =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("git-sweep"));

    RepositorySweep(Repositories repositories, ClusterServices services) {
        this.repositories = repositories;
        this.services = services;
    }

    void start() {
        var unused =
                timer.scheduleWithFixedDelay(this::sweep, FIRST.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What the controller cannot be asked about stays. */
    void sweep() {
        try (Controller controller = services.controller()) {
            int deleted = repositories.deleteUnless(
                    app -> controller.findApp(app.toString()).isPresent());
            if (deleted > 0) {
                log.atInfo().addKeyValue("repositories", deleted).log("deleted what deleted apps had pushed");
            }
        } catch (FlynnException | IOException e) {
            log.atWarn().setCause(e).log("repositories of deleted apps stay until the next sweep");
        }
    }

    @Override
    public void close() {
        Executors.stop(timer, "git-sweep", Duration.ofSeconds(1));
    }
}
