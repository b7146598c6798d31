package dev.flynn.cli;

import java.util.List;

/** Where the {@code flynn} program begins. */
public final class Main {

    private Main() {}

    /** @param args global options, a command, its arguments */
    public static void main(String[] args) {
        // what people ask a new program first is answered before anything else is loaded
        if (args.length == 1 && (args[0].equals("version") || args[0].equals("--version"))) {
            System.out.println(Version.text());
            return;
        }
        Environment environment = Environment.ofProcess();
        Console console = Console.ofProcess();
        int status = new Flynn(environment, console).run(List.of(args));
        console.flush();
        System.exit(status);
    }
}
