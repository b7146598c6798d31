package dev.flynn.cli;

import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** {@code flynn env}: the environment variables of an app's processes. */
final class EnvCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('t', "process-type"), Option.flag("json")),
                Form.of("", 0, 0, "process-type", "json"),
                Form.atLeast("set", 1, "process-type", "json"),
                Form.atLeast("unset", 1, "process-type", "json"),
                Form.of("get", 1, 1, "process-type", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        Optional<String> type = arguments.option("process-type");
        switch (arguments.form()) {
            case "set" -> {
                Map<String, String> changes = assignments(arguments.values());
                change(context, arguments, env -> {
                    env.putAll(changes);
                    return env;
                });
            }
            case "unset" ->
                change(context, arguments, env -> {
                    arguments.values().forEach(env::remove);
                    return env;
                });
            case "get" -> get(context, type, arguments.value(0), arguments.has("json"));
            default -> list(context, type, arguments.has("json"));
        }
        return 0;
    }

    static Map<String, String> assignments(List<String> words) {
        Map<String, String> assignments = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals <= 0) {
                throw new CliException("invalid var format: \"" + word + "\"");
            }
            assignments.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return assignments;
    }

    private static void list(Context context, Optional<String> type, boolean asJson) {
        Optional<Release> release = context.currentRelease();
        if (asJson) {
            context.printJson(release.map(found -> env(found, type)).orElse(Map.of()));
        } else if (release.isPresent()) {
            env(release.get(), type).entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .sorted()
                    .forEach(context.console()::print);
        }
    }

    private static void get(Context context, Optional<String> type, String name, boolean asJson) {
        Release release = context.currentRelease().orElseThrow(() -> new CliException("no app release found"));
        String value = env(release, type).get(name);
        if (value == null) {
            throw new CliException("var \"%s\" not found in release \"%s\"".formatted(name, release.id()));
        }
        if (asJson) {
            context.printJson(Map.of(name, value));
        } else {
            context.console().print(value);
        }
    }

    /** The release's env, with that of one of its process types laid over it. */
    private static Map<String, String> env(Release release, Optional<String> type) {
        Map<String, String> env = new HashMap<>(release.env());
        if (type.isPresent()) {
            ProcessType process = release.processes().get(type.get());
            if (process == null) {
                throw new CliException(
                        "process type \"%s\" not found in release %s".formatted(type.get(), release.id()));
            }
            env.putAll(process.env());
        }
        return env;
    }

    private static void change(Context context, Arguments arguments, UnaryOperator<Map<String, String>> change) {
        Optional<String> type = arguments.option("process-type");
        String app = context.app();
        Release created = Releases.change(context, app, current -> {
            Release release = current.orElseGet(() -> Releases.first(context, app));
            return type.isEmpty()
                    ? Releases.withEnv(release, change)
                    : withTypeEnv(release, type.get(), change, current.isPresent());
        });
        context.tellDone(arguments, created, "Created release " + created.id() + ".");
    }

    private static Release withTypeEnv(
            Release release, String type, UnaryOperator<Map<String, String>> change, boolean mustExist) {
        ProcessType process = release.processes().get(type);
        if (process == null && mustExist) {
            throw new CliException("process \"%s\" in release %s not found".formatted(type, release.id()));
        }
        ProcessType old = process == null ? ProcessType.ofCommand(List.of()) : process;
        return Releases.withProcess(release, type, old.withEnv(change.apply(new HashMap<>(old.env()))));
    }
}
