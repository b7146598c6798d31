package dev.flynn.cli;

import dev.flynn.api.app.Formation;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;

/** One change of how many jobs a release has, and what is told of it. */
final class Scaling {

    private static final Duration SILENCE = Duration.ofSeconds(20);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private final Context context;
    private final String app;
    private final ReleaseId release;
    private final ScaleChange change;
    private final boolean quiet;

    /** @param quiet whether nothing is told on the way */
    Scaling(Context context, String app, ReleaseId release, ScaleChange change, boolean quiet) {
        this.context = context;
        this.app = app;
        this.release = release;
        this.change = change;
        this.quiet = quiet;
    }

    /**
     * Makes the change.
     *
     * @param before the formation as it is
     * @param wait whether to return when the jobs have changed, too
     * @return the formation as it is then
     */
    Formation run(Optional<Formation> before, boolean wait) {
        if (change.isEmpty()) {
            say("requested scale equals current scale, nothing to do!");
            return before.orElseGet(this::put);
        }
        if (change.after().isEmpty()) {
            say("persisting tag change");
            return put();
        }
        say("scaling " + change.describe());
        say("");
        if (!wait) {
            return put();
        }
        long began = System.nanoTime();
        Formation scaled;
        try (EventStream events = context.controller().events(EventFilter.ofApp(app, EventType.JOB))) {
            scaled = put();
            await(events);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
        say("");
        say("scale completed in " + GoDuration.format(Duration.ofNanos(System.nanoTime() - began)));
        return scaled;
    }

    private Formation put() {
        Map<String, Integer> processes = change.result().processes();
        return change.changesTags()
                ? context.controller()
                        .putFormation(app, release, processes, change.result().tags())
                : context.controller().putFormation(app, release, processes);
    }

    private void await(EventStream events) throws InterruptedException {
        var json = new FlynnJson();
        var progress = new ScaleProgress(change.expected());
        while (!progress.isComplete()) {
            Optional<Event> event = events.next(SILENCE);
            if (event.isEmpty()) {
                throw new CliException("Timed out waiting for job events. Waited 20 seconds.\nexpected: %s\nactual: %s"
                        .formatted(progress.expected(), progress.actual()));
            }
            Job job = json.read(event.get().data(), Job.class);
            if (!job.release().equals(release) || job.type().isEmpty()) {
                continue;
            }
            String type = job.type().get();
            say("%s ==> %s %s %s"
                    .formatted(
                            TIME.format(LocalTime.now()),
                            type,
                            job.id(),
                            job.state().wireName()));
            progress.add(type, job.state());
        }
    }

    private void say(String line) {
        if (!quiet) {
            context.console().print(line);
            context.console().flush();
        }
    }
}
