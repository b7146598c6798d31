package dev.flynn.cli;

import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The program: global options, then a command with its arguments (contract: CLI, Invocation). */
final class Flynn {

    private static final String USAGE = "usage: flynn [-a <app>] [-c <cluster>] <command> [<args>...]";

    private final Environment environment;
    private final Console console;

    Flynn(Environment environment, Console console) {
        this.environment = environment;
        this.console = console;
    }

    /**
     * Runs one command line.
     *
     * @return the exit status
     */
    int run(List<String> args) {
        try {
            return runGlobal(args);
        } catch (CliException | FlynnException e) {
            console.tell(String.valueOf(e.getMessage()));
            return 1;
        }
    }

    private int runGlobal(List<String> args) {
        String app = "";
        String cluster = "";
        List<String> rest = new ArrayList<>(args);
        while (!rest.isEmpty() && rest.get(0).startsWith("-")) {
            String option = rest.remove(0);
            if (option.equals("-h") || option.equals("--help")) {
                return runCommand("help", List.of(), app, cluster);
            }
            if (option.equals("--version")) {
                return runCommand("version", List.of(), app, cluster);
            }
            boolean named = option.startsWith("-a") || option.startsWith("-c");
            if (!named || option.length() == 2 && rest.isEmpty()) {
                console.print(USAGE);
                return 1;
            }
            String value = option.length() > 2 ? option.substring(2) : rest.remove(0);
            if (option.charAt(1) == 'a') {
                app = value;
            } else {
                cluster = value;
            }
        }
        if (rest.isEmpty()) {
            console.print(USAGE);
            return 1;
        }
        return runCommand(rest.get(0), rest.subList(1, rest.size()), app, cluster);
    }

    private static int run(Command command, Context context, List<String> args) throws UsageException {
        Arguments arguments = command.syntax().parse(args);
        try {
            return command.run(context, arguments);
        } catch (FlynnException e) {
            throw new CliException(context.explain(e), e);
        }
    }

    private int runCommand(String name, List<String> args, String app, String cluster) {
        Optional<Command> command = Commands.find(name);
        if (command.isEmpty()) {
            console.tell(name + " is not a flynn command. See 'flynn help'");
            return 1;
        }
        boolean asksForHelp = !name.equals("run") && args.contains("--help")
                || !args.isEmpty()
                        && (args.get(0).equals("--help") || args.get(0).equals("-h"));
        if (asksForHelp) {
            console.out().print(HelpTexts.of(name));
            return 0;
        }
        try (Context context = new Context(environment, console, app, cluster)) {
            return run(command.get(), context, args);
        } catch (UsageException e) {
            HelpTexts.usageOf(name).forEach(console::print);
            return 1;
        }
    }
}
