package dev.flynn.cli;

import java.util.List;

/** {@code flynn help}. */
final class HelpCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        Console console = context.console();
        if (arguments.has("json")) {
            console.print(json());
        } else if (arguments.values().isEmpty()) {
            console.out().print(overview());
        } else {
            console.out().print(HelpTexts.of(arguments.value(0)));
        }
        return 0;
    }

    static String overview() {
        var text = new StringBuilder(HelpTexts.of("flynn")).append("\nCommands:\n");
        for (String command : Commands.LISTED) {
            text.append("  %-12s %s%n".formatted(command, HelpTexts.summaryOf(command)));
        }
        return text.append("\nSee 'flynn help <command>' for more about a command.\n")
                .toString();
    }

    private static String json() {
        var json = new StringBuilder("{");
        List<String> names = Commands.LISTED.stream().sorted().toList();
        for (String command : names) {
            json.append(json.length() == 1 ? "\n\t" : ",\n\t")
                    .append(quoted(command))
                    .append(": ")
                    .append(quoted(HelpTexts.of(command)));
        }
        return json.append("\n}").toString();
    }

    private static String quoted(String text) {
        String escaped = text.replace("\\", "\\\\")
                .replace("\"", "\\\"")
                .replace("\n", "\\n")
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026");
        return '"' + escaped + '"';
    }
}
