package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Lines for people: {@code 10:11:12.000001 run-app controller}. */
final class TextOutput implements BootstrapOutput {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS ");

    private final PrintStream out;
    private final Clock clock;
    private final DateTimeFormatter time;

    TextOutput(PrintStream out, Clock clock, ZoneId zone) {
        this.out = out;
        this.clock = clock;
        this.time = TIME.withZone(zone);
    }

    @Override
    public void started(String action, String id) {
        print("%s %s".formatted(action, id));
    }

    @Override
    public void done(String action, String id, JsonNode result, String text) {
        if (!text.isEmpty()) {
            print("%s %s %s".formatted(action, id, text));
        }
    }

    @Override
    public void failed(String action, String id, String message) {
        print("%s %s error: %s".formatted(action, id, message));
    }

    @Override
    public void tryingAgain(String action, String id, String message) {
        print("%s %s trying again: %s".formatted(action, id, message));
    }

    private void print(String line) {
        out.println(time.format(clock.instant()) + line);
    }
}
