package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Release;
import dev.flynn.git.Controller.JobEvents;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The first time that an app has a web process: one job of it, up and reachable before the pusher is told so. */
final class FirstStart {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Twice what routers, which watch what is watched here, wait for more news before they take a new instance. */
    private static final Duration SETTLE = Duration.ofMillis(20);

    private static final int SHOWN_LINES = 20;
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(1);

    private final Controller controller;
    private final Discovery discovery;
    private final App app;
    private final Release release;

    FirstStart(Controller controller, Discovery discovery, App app, Release release) {
        this.controller = controller;
        this.discovery = discovery;
        this.app = app;
        this.release = release;
    }

    /**
     * Returns when the job is up.
     *
     * @return when it can be reached through the routers, too
     * @throws FlynnException the job did not come up; nothing is scaled then
     */
    Settling scaleWebToOne() {
        String id = app.id().toString();
        var registered = new CountDownLatch(1);
        try (Subscription instances = discovery.watch(app.name() + "-web", event -> countRelease(event, registered));
                JobEvents jobs = controller.jobEvents(id)) {
            controller.putFormation(id, release.id(), Map.of("web", 1));
            awaitUp(jobs, registered);
            return Settling.after(SETTLE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while the web job started", e);
        } catch (FlynnException e) {
            undo(id, e);
            throw e;
        }
    }

    private void undo(String id, FlynnException failure) {
        try {
            controller.deleteFormation(id, release.id());
        } catch (FlynnException e) {
            failure.addSuppressed(e);
        }
    }

    private void countRelease(DiscoveryEvent event, CountDownLatch registered) {
        if (event instanceof DiscoveryEvent.Up up
                && release.id().toString().equals(up.instance().meta().get("FLYNN_RELEASE_ID"))) {
            registered.countDown();
        }
    }

    private void awaitUp(JobEvents jobs, CountDownLatch registered) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<JobId> last = Optional.empty();
        while (System.nanoTime() < deadline) {
            if (registered.await(5, TimeUnit.MILLISECONDS)) {
                return;
            }
            Optional<Job> event = jobs.next(Duration.ZERO);
            if (event.isEmpty()) {
                continue;
            }
            Job job = event.get();
            if (!job.release().equals(release.id()) || !job.type().equals(Optional.of("web"))) {
                continue;
            }
            last = Optional.of(job.id());
            if (job.state() == JobState.DOWN) {
                throw failed("Failed to scale web process type: the job ended" + reason(job), last);
            }
        }
        throw failed(
                "Failed to scale web process type: nothing answered on its port within %d s; does it listen on $PORT?"
                        .formatted(PATIENCE.toSeconds()),
                last);
    }

    private static String reason(Job job) {
        if (job.hostError().isPresent()) {
            return ": " + job.hostError().get();
        }
        return job.exitStatus().isPresent() ? " with status " + job.exitStatus().getAsInt() : "";
    }

    private FlynnException failed(String what, Optional<JobId> job) throws InterruptedException {
        var text = new StringBuilder(what);
        List<String> lines = job.map(this::lastLines).orElse(List.of());
        if (!lines.isEmpty()) {
            text.append("\nIts last lines:");
            lines.forEach(line -> text.append("\n    ").append(line));
        }
        return FlynnException.invalid(text.toString());
    }

    /** A job's last lines reach the log a moment after its end is told. */
    private List<String> lastLines(JobId job) {
        try {
            long deadline = System.nanoTime() + LOG_PATIENCE.toNanos();
            List<String> lines = controller.lastLines(app.id().toString(), job, SHOWN_LINES);
            while (lines.isEmpty() && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(50);
                lines = controller.lastLines(app.id().toString(), job, SHOWN_LINES);
            }
            return lines;
        } catch (IOException | FlynnException unreadable) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }
}
