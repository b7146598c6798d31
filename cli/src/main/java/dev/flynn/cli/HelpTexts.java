package dev.flynn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The help of each command, a text file beside this class: usage lines, an empty line, what it does. */
final class HelpTexts {

    private HelpTexts() {}

    static boolean exists(String command) {
        return HelpTexts.class.getResource(file(command)) != null;
    }

    static String of(String command) {
        try (InputStream text = HelpTexts.class.getResourceAsStream(file(command))) {
            if (text == null) {
                throw new CliException(command + " is not a flynn command. See 'flynn help'");
            }
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines that show how the command is called. */
    static List<String> usageOf(String command) {
        return of(command).lines().takeWhile(line -> !line.isBlank()).toList();
    }

    /** The first line of the description. */
    static String summaryOf(String command) {
        return of(command)
                .lines()
                .dropWhile(line -> !line.isBlank())
                .skip(1)
                .findFirst()
                .orElse("");
    }

    private static String file(String command) {
        return "help/" + command + ".txt";
    }
}
