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
import java.util.TreeMap;

/** One change of how many jobs a release has, and what is told of it. */
final class Scaling {

    private static final Duration SILENCE = Duration.ofSeconds(20);

    /** How long no event comes until the jobs are counted instead. */
    private static final Duration LOOK_AFTER = Duration.ofSeconds(1);

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
        long lastEvent = System.nanoTime();
        while (!progress.isComplete()) {
            Optional<Event> event = events.next(LOOK_AFTER);
            if (event.isEmpty()) {
                progress.settle(change.after(), liveJobs());
                if (!progress.isComplete() && System.nanoTime() - lastEvent >= SILENCE.toNanos()) {
                    throw timeout(progress);
                }
                continue;
            }
            lastEvent = System.nanoTime();
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

    /** How many jobs of each type run or are about to: a type that crashes may have none whose end could be told. */
    private Map<String, Integer> liveJobs() {
        Map<String, Integer> live = new TreeMap<>();
        for (Job job : context.controller().jobs(app)) {
            if (job.release().equals(release) && job.state().isLive()) {
                job.type().ifPresent(type -> live.merge(type, 1, Integer::sum));
            }
        }
        return live;
    }

    private static CliException timeout(ScaleProgress progress) {
        return new CliException("""
                Timed out waiting for job events. Waited 20 seconds.
                expected: %s
                actual: %s
                The new counts stay in force; 'flynn ps -a' and 'flynn log' tell what becomes of them.""".formatted(progress.expected(), progress.actual()));
    }

    private void say(String line) {
        if (!quiet) {
            context.console().print(line);
            context.console().flush();
        }
    }
}
