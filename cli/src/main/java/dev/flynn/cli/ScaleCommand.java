package dev.flynn.cli;

import dev.flynn.api.app.Formation;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.release.Release;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code flynn scale}. */
final class ScaleCommand implements Command {

    private static final Duration SILENCE = Duration.ofSeconds(20);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('n', "no-wait"),
                        Option.value('r', "release"),
                        Option.flag('a', "all"),
                        Option.flag("json")),
                Form.atLeast("", 0, "no-wait", "release", "all", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.has("all")) {
            if (!arguments.values().isEmpty()) {
                throw new CliException("ERROR: Can't use --all when scaling");
            }
            if (arguments.has("release")) {
                throw new CliException("ERROR: Can't use --all in combination with --release");
            }
            showAll(context, arguments.has("json"));
            return 0;
        }
        ScaleChange.Counts wanted = ScaleChange.parse(arguments.values());
        String app = context.app();
        Release release = arguments
                .option("release")
                .map(id -> context.controller().release(ReleaseId.of(id)))
                .orElseGet(() -> current(context, app));
        Optional<Formation> formation = context.controller().findFormation(app, release.id());
        if (arguments.has("json")) {
            requireNothingToChange(wanted);
            formation.ifPresent(context::printJson);
            return 0;
        }
        ScaleChange.Counts current = formation
                .map(found -> new ScaleChange.Counts(found.processes(), found.tags()))
                .orElse(new ScaleChange.Counts(Map.of(), Map.of()));
        if (wanted.processes().isEmpty()) {
            show(context.console(), release, current.processes());
        } else {
            ScaleChange change =
                    ScaleChange.between(current, wanted, release.processes().keySet());
            scale(context, app, release.id(), change, !arguments.has("no-wait"));
        }
        return 0;
    }

    private static void requireNothingToChange(ScaleChange.Counts wanted) {
        if (!wanted.processes().isEmpty()) {
            throw new CliException("ERROR: Can't use --json when scaling");
        }
    }

    private static Release current(Context context, String app) {
        return context.controller()
                .findAppRelease(app)
                .orElseThrow(() -> new CliException("No app release, specify a release with --release"));
    }

    /** Every type of the release; nothing before it was scaled for the first time. */
    private static void show(Console console, Release release, Map<String, Integer> counts) {
        if (!counts.isEmpty()) {
            Map<String, Integer> all = new TreeMap<>(counts);
            release.processes().keySet().forEach(type -> all.putIfAbsent(type, 0));
            console.print(format(all));
        }
    }

    private static void showAll(Context context, boolean asJson) {
        String app = context.app();
        if (asJson) {
            context.printJson(context.controller().formations(app));
            return;
        }
        Optional<ReleaseId> current = context.controller().findAppRelease(app).map(Release::id);
        String separator = "";
        for (Formation formation : context.controller().formations(app)) {
            Map<String, Integer> counts = new TreeMap<>(formation.processes());
            counts.values().removeIf(count -> count == 0);
            if (!counts.isEmpty()) {
                boolean isCurrent = current.filter(formation.release()::equals).isPresent();
                context.console().print(separator + formation.release() + (isCurrent ? " (current)" : ""));
                context.console().print(format(counts));
                separator = "\n";
            }
        }
    }

    private static String format(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
    }

    private static void scale(Context context, String app, ReleaseId release, ScaleChange change, boolean wait) {
        Console console = context.console();
        if (change.isEmpty()) {
            console.print("requested scale equals current scale, nothing to do!");
            return;
        }
        if (change.after().isEmpty()) {
            console.print("persisting tag change");
            put(context, app, release, change);
            return;
        }
        console.print("scaling " + change.describe());
        console.print("");
        console.flush();
        if (!wait) {
            put(context, app, release, change);
            return;
        }
        long began = System.nanoTime();
        try (EventStream events = context.controller().events(EventFilter.ofApp(app, EventType.JOB))) {
            put(context, app, release, change);
            await(console, events, release, change);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
        console.print("");
        console.print("scale completed in " + GoDuration.format(Duration.ofNanos(System.nanoTime() - began)));
    }

    private static void put(Context context, String app, ReleaseId release, ScaleChange change) {
        Map<String, Integer> processes = change.result().processes();
        if (change.changesTags()) {
            context.controller()
                    .putFormation(app, release, processes, change.result().tags());
        } else {
            context.controller().putFormation(app, release, processes);
        }
    }

    private static void await(Console console, EventStream events, ReleaseId release, ScaleChange change)
            throws InterruptedException {
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
            console.print("%s ==> %s %s %s"
                    .formatted(
                            TIME.format(LocalTime.now()),
                            type,
                            job.id(),
                            job.state().wireName()));
            console.flush();
            progress.add(type, job.state());
        }
    }
}
