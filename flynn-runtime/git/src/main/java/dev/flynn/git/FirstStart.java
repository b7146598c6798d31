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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The first time that an app has a web process: one job of it, up and reachable before the pusher is told so. */
final class FirstStart implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Twice what routers, which watch what is watched here, wait for more news before they take a new instance. */
    private static final Duration SETTLE = Duration.ofMillis(20);

    /** How long an answer counts that was asked for before the deployment. */
    private static final Duration FRESH = Duration.ofMillis(250);

    private static final int SHOWN_LINES = 20;
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(1);

    private final Controller controller;
    private final Discovery discovery;
    private final App app;
    private final Release release;
    private final CountDownLatch registered = new CountDownLatch(1);
    private final long begun = System.nanoTime();
    private final CompletableFuture<Boolean> scaled;
    private final CompletableFuture<Listening> listening;

    /**
     * Asks and listens already, on other threads, while the release is deployed.
     *
     * @param release that nothing runs yet
     */
    FirstStart(Controller controller, Discovery discovery, App app, Release release, Executor workers) {
        this.controller = controller;
        this.discovery = discovery;
        this.app = app;
        this.release = release;
        String id = app.id().toString();
        this.scaled = CompletableFuture.supplyAsync(() -> controller.hasFormation(id, release.id()), workers);
        this.listening = CompletableFuture.supplyAsync(() -> listen(id), workers);
    }

    private Listening listen(String id) {
        Subscription instances = discovery.watch(app.name() + "-web", this::countRelease);
        try {
            return new Listening(instances, controller.jobEvents(id));
        } catch (RuntimeException e) {
            instances.close();
            throw e;
        }
    }

    /** To what tells that a job is up, or that it is not. */
    private record Listening(Subscription instances, JobEvents jobs) implements AutoCloseable {
        @Override
        public void close() {
            try (jobs) {
                instances.close();
            }
        }
    }

    /** Whether it is about this release, which may have been made again meanwhile. */
    boolean isOf(Release deployed) {
        return release.id().equals(deployed.id());
    }

    /** Whether somebody else has said how many jobs the release has; asked again if the deployment took its time. */
    boolean isScaled() {
        boolean isOld = System.nanoTime() - begun > FRESH.toNanos();
        return Answers.of(scaled) || (isOld && controller.hasFormation(app.id().toString(), release.id()));
    }

    /**
     * Returns when the job is up.
     *
     * @return when it can be reached through the routers, too
     * @throws FlynnException the job did not come up; nothing is scaled then
     */
    Settling scaleWebToOne() {
        String id = app.id().toString();
        JobEvents jobs = Answers.of(listening).jobs();
        try {
            controller.putFormation(id, release.id(), Map.of("web", 1));
            awaitUp(jobs);
            return Settling.after(SETTLE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while the web job started", e);
        } catch (FlynnException e) {
            undo(id, e);
            throw e;
        }
    }

    /** Waits for what it asked, too. */
    @Override
    public void close() {
        scaled.exceptionally(failed -> false).join();
        listening.thenAccept(Listening::close).exceptionally(failed -> null).join();
    }

    private void undo(String id, FlynnException failure) {
        try {
            controller.deleteFormation(id, release.id());
        } catch (FlynnException e) {
            failure.addSuppressed(e);
        }
    }

    private void countRelease(DiscoveryEvent event) {
        if (event instanceof DiscoveryEvent.Up up
                && release.id().toString().equals(up.instance().meta().get("FLYNN_RELEASE_ID"))) {
            registered.countDown();
        }
    }

    private void awaitUp(JobEvents jobs) throws InterruptedException {
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
