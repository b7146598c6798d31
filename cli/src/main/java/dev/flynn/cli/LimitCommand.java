package dev.flynn.cli;

import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** {@code flynn limit}: what the processes of a type may use. */
final class LimitCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('t', "process-type"), Option.flag("json")),
                Form.of("", 0, 0, "process-type", "json"),
                Form.atLeast("set", 2, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.form().equals("set")) {
            set(context, arguments);
        } else {
            list(context, arguments.option("process-type"), arguments.has("json"));
        }
        return 0;
    }

    private static void list(Context context, Optional<String> wanted, boolean asJson) {
        String app = context.app();
        Optional<Release> release = context.currentRelease();
        if (release.isEmpty()) {
            if (asJson) {
                context.printJson(Map.of());
            }
            return;
        }
        Map<String, ProcessType> processes = new TreeMap<>(release.get().processes());
        if (wanted.isPresent()) {
            if (!processes.containsKey(wanted.get())) {
                throw unknownType(wanted.get());
            }
            processes.keySet().retainAll(List.of(wanted.get()));
        }
        if (asJson) {
            Map<String, Map<String, ResourceLimit>> limits = new TreeMap<>();
            processes.forEach((type, process) -> limits.put(type, process.resources()));
            context.printJson(limits);
            return;
        }
        Table table = new Table();
        processes.forEach((type, process) -> table.row(row(type, process)));
        table.print(context.console());
    }

    private static List<String> row(String type, ProcessType process) {
        List<String> cells = new ArrayList<>(List.of(type + ":"));
        new TreeMap<>(process.resources())
                .forEach((name, limit) ->
                        limit.limit().ifPresent(amount -> cells.add(name + "=" + Limits.format(name, amount))));
        return cells;
    }

    private static void set(Context context, Arguments arguments) {
        String type = arguments.value(0);
        Map<String, ResourceLimit> changes =
                parse(arguments.values().subList(1, arguments.values().size()));
        String app = context.app();
        Release created = Releases.change(context, app, current -> {
            Release release = current.orElseGet(() -> Releases.first(context, app));
            ProcessType process = release.processes().get(type);
            if (process == null && current.isPresent()) {
                throw unknownType(type);
            }
            ProcessType old = process == null ? ProcessType.ofCommand(List.of()) : process;
            Map<String, ResourceLimit> limits = new HashMap<>(old.resources());
            limits.putAll(changes);
            return Releases.withProcess(release, type, old.withResources(limits));
        });
        if (arguments.has("json")) {
            context.printJson(created);
        } else {
            context.console().print("Created release " + created.id());
        }
    }

    /** The request is left to the server, which makes it the limit. */
    static Map<String, ResourceLimit> parse(List<String> words) {
        Map<String, ResourceLimit> limits = new HashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw new CliException("invalid resource limit: \"" + word + "\"");
            }
            String type = word.substring(0, equals);
            String value = word.substring(equals + 1);
            Limits.requireType(type, value);
            limits.put(type, new ResourceLimit(OptionalLong.empty(), OptionalLong.of(Limits.parse(type, value))));
        }
        return limits;
    }

    private static CliException unknownType(String type) {
        return new CliException("unknown process type \"" + type + "\"");
    }
}
