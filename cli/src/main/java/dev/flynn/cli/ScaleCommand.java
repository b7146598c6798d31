package dev.flynn.cli;

import dev.flynn.api.app.Formation;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code flynn scale}. */
final class ScaleCommand implements Command {

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
        ScaleChange.Counts current = formation
                .map(found -> new ScaleChange.Counts(found.processes(), found.tags()))
                .orElse(new ScaleChange.Counts(Map.of(), Map.of()));
        if (wanted.processes().isEmpty()) {
            if (arguments.has("json")) {
                formation.ifPresent(context::printJson);
            } else {
                show(context.console(), release, current.processes());
            }
        } else {
            ScaleChange change =
                    ScaleChange.between(current, wanted, release.processes().keySet());
            Formation scaled = new Scaling(context, app, release.id(), change, arguments.has("json"))
                    .run(formation, !arguments.has("no-wait"));
            if (arguments.has("json")) {
                context.printJson(scaled);
            }
        }
        return 0;
    }

    private static Release current(Context context, String app) {
        return context.currentRelease()
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
        Optional<ReleaseId> current = context.currentRelease().map(Release::id);
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
}
