package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Release;
import dev.flynn.client.ControllerClient;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.client.LogLines;
import dev.flynn.client.LogOptions;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The first time that an app has a web process: one job of it, up and reachable before the pusher is told so. */
final class FirstStart {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** A router has taken a new instance into its table after this time. */
    private static final Duration SETTLE = Duration.ofMillis(200);

    private static final int SHOWN_LINES = 20;

    private final ControllerClient controller;
    private final Discovery discovery;
    private final App app;
    private final Release release;
    private final FlynnJson json = new FlynnJson();

    FirstStart(ControllerClient controller, Discovery discovery, App app, Release release) {
        this.controller = controller;
        this.discovery = discovery;
        this.app = app;
        this.release = release;
    }

    /** @throws FlynnException the job did not come up; nothing is scaled then */
    void scaleWebToOne() {
        String id = app.id().toString();
        var registered = new CountDownLatch(1);
        try (Subscription instances = discovery.watch(app.name() + "-web", event -> countRelease(event, registered));
                EventStream jobs = controller.events(EventFilter.ofApp(id, EventType.JOB))) {
            controller.putFormation(id, release.id(), Map.of("web", 1));
            awaitUp(jobs, registered);
            TimeUnit.MILLISECONDS.sleep(SETTLE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while the web job started", e);
        } catch (FlynnException e) {
            controller.deleteFormation(id, release.id());
            throw e;
        }
    }

    private void countRelease(DiscoveryEvent event, CountDownLatch registered) {
        if (event instanceof DiscoveryEvent.Up up
                && release.id().toString().equals(up.instance().meta().get("FLYNN_RELEASE_ID"))) {
            registered.countDown();
        }
    }

    private void awaitUp(EventStream jobs, CountDownLatch registered) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<JobId> last = Optional.empty();
        while (System.nanoTime() < deadline) {
            if (registered.await(10, TimeUnit.MILLISECONDS)) {
                return;
            }
            Optional<Event> event = jobs.next(Duration.ofMillis(10));
            if (event.isEmpty()) {
                continue;
            }
            Job job = json.read(event.get().data(), Job.class);
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
        var options = new LogOptions(false, OptionalInt.of(SHOWN_LINES), Optional.of(job.value()), Optional.empty());
        List<String> found = new ArrayList<>();
        try {
            TimeUnit.MILLISECONDS.sleep(300);
            try (LogLines lines = controller.log(app.id().toString(), options)) {
                for (var line = lines.next(); line.isPresent(); line = lines.next()) {
                    found.add(line.get().message());
                }
            }
        } catch (IOException | FlynnException unreadable) {
            return found;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return found;
    }
}
