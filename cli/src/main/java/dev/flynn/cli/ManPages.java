package dev.flynn.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes the help texts as pages for man. Only the build calls it. */
public final class ManPages {

    private static final int BODY_INDENT = 2;

    private ManPages() {}

    /** @param args the directory of the pages, which is made */
    public static void main(String[] args) throws IOException {
        write(Path.of(args[0]));
    }

    static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("flynn.1"), page("flynn", HelpCommand.overview()));
        for (String command : Commands.available()) {
            Files.writeString(
                    directory.resolve("flynn-" + command + ".1"), page("flynn-" + command, HelpTexts.of(command)));
        }
    }

    /** @param help usage lines, an empty line, what it does, sections that begin with a word and a colon */
    static String page(String name, String help) {
        List<String> lines = help.lines().toList();
        int usage = lines.indexOf("");
        int summary = usage + 1;
        var page = new StringBuilder();
        page.append(".TH \"%s\" 1 \"\" \"Flynn\" \"Flynn\"\n".formatted(name.toUpperCase(Locale.ROOT)));
        page.append(".SH NAME\n%s \\- %s\n".formatted(escaped(name), escaped(withoutPeriod(lines.get(summary)))));
        page.append(".SH SYNOPSIS\n.nf\n");
        lines.subList(0, usage)
                .forEach(line ->
                        page.append(text(line.replaceFirst("^(usage:| {6})", "").strip())));
        page.append(".fi\n.SH DESCRIPTION\n.nf\n");
        for (String line : lines.subList(summary, lines.size())) {
            if (line.matches("[A-Z][a-z]+:")) {
                String title = line.substring(0, line.length() - 1).toUpperCase(Locale.ROOT);
                page.append(".fi\n.SH ").append(title).append("\n.nf\n");
            } else {
                page.append(text(line.startsWith("  ") ? line.substring(BODY_INDENT) : line));
            }
        }
        return page.append(".fi\n.SH SEE ALSO\nflynn(1), flynn help\n").toString();
    }

    private static String withoutPeriod(String sentence) {
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    /** A line that is none of troff's own. */
    private static String text(String line) {
        String escaped = escaped(line);
        return (escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped) + "\n";
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }
}
