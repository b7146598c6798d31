package dev.flynn.distro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Writes the help of the program and of each of its commands as pages for man. Only the build calls it. */
public final class HostManPages {

    private static final String SECTION = "8";

    private HostManPages() {}

    /** @param args the directory of the pages, which is made */
    public static void main(String[] args) throws IOException {
        write(Path.of(args[0]));
    }

    static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (Map.Entry<String, String> page : pages(Main.commandLine()).entrySet()) {
            Files.writeString(directory.resolve(page.getKey() + "." + SECTION), page.getValue());
        }
    }

    /** By name: of the program, of its commands, and of theirs. */
    static Map<String, String> pages(CommandLine program) {
        Map<String, String> pages = new LinkedHashMap<>();
        add(pages, program.setUsageHelpWidth(100), program.getCommandName());
        return pages;
    }

    private static void add(Map<String, String> pages, CommandLine command, String name) {
        if (command.getCommand() instanceof CommandLine.HelpCommand) {
            return;
        }
        pages.put(name, page(name, command));
        command.getSubcommands().forEach((word, sub) -> add(pages, sub, name + "-" + word));
    }

    private static String page(String name, CommandLine command) {
        String[] description = command.getCommandSpec().usageMessage().description();
        var page = new StringBuilder();
        page.append(".TH \"%s\" %s \"\" \"Flynn\" \"Flynn\"\n".formatted(name.toUpperCase(Locale.ROOT), SECTION));
        page.append(".SH NAME\n%s \\- %s\n".formatted(escaped(name), escaped(firstSentence(description))));
        page.append(".SH SYNOPSIS\n.nf\n");
        text(page, command.getHelp().synopsis(0).strip());
        page.append(".fi\n.SH DESCRIPTION\n.nf\n");
        text(page, command.getUsageMessage(Ansi.OFF).strip());
        return page.append(".fi\n.SH SEE ALSO\nflynn\\-host(8), flynn(1)\n").toString();
    }

    private static String firstSentence(String... description) {
        String all = String.join(" ", description).strip();
        int end = all.indexOf(". ");
        String first = end < 0 ? all : all.substring(0, end);
        return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
    }

    /** Lines, none of them troff's own. */
    private static void text(StringBuilder page, String lines) {
        lines.lines().forEach(line -> {
            String escaped = escaped(line);
            page.append(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped)
                    .append('\n');
        });
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }
}
