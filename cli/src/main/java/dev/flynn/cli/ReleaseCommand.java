package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.client.EventFilter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@code flynn release}. */
final class ReleaseCommand implements Command {

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .appendPattern("uuuu-MM-dd HH:mm:ss")
            .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
            .appendLiteral(" +0000 UTC")
            .toFormatter()
            .withZone(ZoneOffset.UTC);

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('q', "quiet"),
                        Option.value('t', "type"),
                        Option.value('f', "file"),
                        Option.flag("json"),
                        Option.flag('y', "yes"),
                        Option.flag("clean")),
                Form.of("", 0, 0, "quiet", "json"),
                Form.of("add", 1, 1, "type", "file", "json"),
                Form.of("show", 0, 1, "json"),
                Form.of("rollback", 0, 1, "yes", "json"),
                Form.of("update", 1, 2, "clean", "json"),
                Form.of("delete", 1, 1, "yes", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        switch (arguments.form()) {
            case "" -> list(context, arguments.has("quiet"), arguments.has("json"));
            case "add" -> add(context, arguments);
            case "show" -> show(context, arguments.optionalValue(0), arguments.has("json"));
            case "rollback" -> rollback(context, arguments);
            case "update" -> update(context, arguments);
            default -> delete(context, arguments);
        }
        return 0;
    }

    private static void list(Context context, boolean quiet, boolean asJson) {
        String app = context.app();
        List<Release> releases = context.controller().appReleases(app);
        if (asJson) {
            context.printJson(releases);
            return;
        }
        if (quiet) {
            releases.forEach(release -> context.console().print(release.id().toString()));
            return;
        }
        Table table = new Table().row("ID", "Created");
        Instant now = Instant.now();
        releases.forEach(release -> table.row(release.id().toString(), Ages.ago(release.createdAt(), now)));
        table.print(context.console());
    }

    private static void show(Context context, Optional<String> given, boolean asJson) {
        ReleaseId id = given.map(ReleaseId::of)
                .orElseGet(() -> current(context, context.app()).id());
        if (asJson) {
            context.console().print(context.controller().releaseJson(id).strip());
            return;
        }
        Release release = context.controller().release(id);
        List<Artifact> artifacts = release.artifacts().stream()
                .map((ArtifactId artifact) -> context.controller().artifact(artifact))
                .toList();
        details(release, artifacts).print(context.console());
    }

    static Table details(Release release, List<Artifact> artifacts) {
        Table table = new Table();
        table.row("ID:", release.id().toString());
        if (artifacts.size() < 2) {
            table.row("Artifact:", artifacts.isEmpty() ? "" : text(artifacts.get(0)));
        } else {
            for (int i = 0; i < artifacts.size(); i++) {
                table.row("Artifact[" + i + "]:", text(artifacts.get(i)));
            }
        }
        table.row(
                "Process Types:",
                String.join(", ", new TreeSet<>(release.processes().keySet())));
        table.row("Created At:", TIME.format(release.createdAt()));
        new TreeMap<>(release.env()).forEach((name, value) -> table.row("ENV[" + name + "]:", value));
        new TreeMap<>(release.meta()).forEach((name, value) -> table.row("META[" + name + "]:", value));
        return table;
    }

    private static String text(Artifact artifact) {
        return artifact.type() + "+" + artifact.uri();
    }

    private static Release current(Context context, String app) {
        return context.currentRelease().orElseThrow(ReleaseCommand::noRelease);
    }

    private static CliException noRelease() {
        return new CliException("no app release found");
    }

    private static void add(Context context, Arguments arguments) {
        String type = arguments.option("type").orElse(Artifact.DOCKER);
        if (!type.equals(Artifact.DOCKER)) {
            throw new CliException("Release type " + type + " not supported.");
        }
        String app = context.app();
        Release release = arguments
                .option("file")
                .map(file ->
                        ReleaseUpdate.read(context.environment().directory().resolve(file)))
                .map(settings -> ReleaseUpdate.merge(Releases.first(context, app), settings))
                .orElseGet(() -> Releases.first(context, app));
        Artifact artifact = context.controller().createArtifact(type, arguments.value(0));
        Release created = Releases.deploy(context, app, Releases.withArtifact(release, artifact.id()));
        context.tellDone(arguments, created, "Created release " + created.id() + ".");
        if (created.processes().isEmpty()) {
            context.console().tell("It has no process types, so that nothing of it can run: give them with -f.");
        }
    }

    private static void update(Context context, Arguments arguments) {
        ObjectNode changes =
                ReleaseUpdate.read(context.environment().directory().resolve(arguments.value(0)));
        String app = context.app();
        Optional<Release> base = arguments.has("clean")
                ? Optional.of(Releases.first(context, app))
                : arguments.optionalValue(1).map(id -> context.controller().release(ReleaseId.of(id)));
        Release created = base.isPresent()
                ? Releases.deploy(context, app, ReleaseUpdate.merge(base.get(), changes))
                : Releases.change(
                        context,
                        app,
                        current -> ReleaseUpdate.merge(current.orElseThrow(ReleaseCommand::noRelease), changes));
        context.tellDone(arguments, created, "Created release " + created.id() + ".");
    }

    private static void delete(Context context, Arguments arguments) {
        ReleaseId id = ReleaseId.of(arguments.value(0));
        boolean yes = arguments.has("yes");
        String app = context.app();
        if (!yes && !context.console().confirm("Are you sure you want to delete release \"" + id + "\"?")) {
            return;
        }
        var deletions = new EventFilter(
                Optional.of(app), List.of(EventType.RELEASE_DELETION), Optional.of(id.toString()), false);
        JsonNode deletion = DeletionWait.await(
                        context,
                        deletions,
                        "release",
                        () -> context.controller().deleteRelease(app, id))
                .path("release_deletion");
        int others = deletion.path("remaining_apps").size();
        int files = deletion.path("deleted_files").size();
        context.tellDone(
                arguments,
                deletion,
                others == 0
                        ? "Deleted release %s (deleted %d files)".formatted(id, files)
                        : "Release scaled down for app but not fully deleted (still associated with %d other apps)"
                                .formatted(others));
    }

    /** Of this command and of {@code flynn rollback}: to the release that is given, or to the one before. */
    static void rollback(Context context, Arguments arguments) {
        String app = context.app();
        ReleaseId current = current(context, app).id();
        ReleaseId target = arguments.optionalValue(0).map(ReleaseId::of).orElseGet(() -> previous(context, app));
        if (target.equals(current)) {
            throw new CliException("Release id given is the current release.");
        }
        if (!arguments.has("yes")
                && !context.console().confirm("Are you sure you want to rollback to release \"" + target + "\"?")) {
            return;
        }
        context.console().tell("Rolling back to release " + target + " from " + current + ".");
        Releases.deploy(context, app, target);
        if (arguments.has("json")) {
            context.printJson(context.controller().release(target));
        } else {
            context.console().tell("Successfully rolled back to release " + target + ".");
        }
    }

    private static ReleaseId previous(Context context, String app) {
        List<Release> releases = context.controller().appReleases(app);
        if (releases.size() < 2) {
            throw new CliException("Not enough releases to perform a rollback.");
        }
        return releases.get(1).id();
    }
}
