package dev.flynn.cli;

import dev.flynn.api.log.LogMessage;
import dev.flynn.client.LogLines;
import dev.flynn.client.LogOptions;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.PrintStream;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** {@code flynn log}. */
final class LogCommand implements Command {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final String STDERR = "stderr";
    private static final String INIT = "init";

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('f', "follow"),
                        Option.value('j', "job"),
                        Option.value('n', "number"),
                        Option.flag('r', "raw-output"),
                        Option.flag('s', "split-stderr"),
                        Option.value('t', "process-type"),
                        Option.flag('i', "init"),
                        Option.flag("json")),
                Form.of(
                        "",
                        0,
                        0,
                        "follow",
                        "job",
                        "number",
                        "raw-output",
                        "split-stderr",
                        "process-type",
                        "init",
                        "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        boolean follow = arguments.has("follow");
        var options =
                new LogOptions(follow, number(arguments), arguments.option("job"), arguments.option("process-type"));
        Function<LogMessage, String> form = form(arguments);
        Console console = context.console();
        String app = context.app();
        try (LogLines lines = context.controller().log(app, options)) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                PrintStream stream = stream(console, line.get(), arguments);
                stream.print(form.apply(line.get()));
                stream.print('\n');
                // a reader that has gone, such as head, is no failure
                if (follow && stream.checkError()) {
                    return 0;
                }
            }
            return 0;
        } catch (IOException e) {
            throw new CliException("the log ended early: " + e.getMessage(), e);
        }
    }

    private static OptionalInt number(Arguments arguments) {
        Optional<String> number = arguments.option("number");
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(Integer.parseUnsignedInt(number.get()));
        } catch (NumberFormatException e) {
            throw new CliException("\"" + number.get() + "\" is no number of lines", e);
        }
    }

    private static PrintStream stream(Console console, LogMessage line, Arguments arguments) {
        boolean toErr = arguments.has("split-stderr") && line.stream().equals(STDERR)
                || arguments.has("init") && line.stream().equals(INIT);
        return toErr ? console.err() : console.out();
    }

    private static Function<LogMessage, String> form(Arguments arguments) {
        if (arguments.has("json")) {
            return new FlynnJson()::write;
        }
        return arguments.has("raw-output") ? LogMessage::message : LogCommand::format;
    }

    static String format(LogMessage line) {
        return "%s %s[%s.%s]: %s"
                .formatted(
                        TIME.format(line.timestamp()),
                        line.source(),
                        line.processType().orElse(""),
                        line.jobId(),
                        line.message());
    }
}
