package dev.flynn.cli;

import dev.flynn.api.access.AuditEntry;
import dev.flynn.client.AuditFilter;
import dev.flynn.client.AuditStream;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code flynn audit}: who changed what. */
final class AuditCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('f', "follow"),
                        Option.value('n', "number"),
                        Option.value('k', "key"),
                        Option.value("since"),
                        Option.flag("json")),
                Form.of("", 0, 0, "follow", "number", "key", "since", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        boolean follow = arguments.has("follow");
        boolean asJson = arguments.has("json");
        var filter = new AuditFilter(
                arguments.option("since").map(AuditCommand::time),
                context.givenApp(),
                arguments.option("key"),
                number(arguments));
        var json = new FlynnJson();
        if (!follow) {
            List<AuditEntry> entries = new ArrayList<>(context.controller().audit(filter));
            Collections.reverse(entries);
            entries.forEach(entry -> context.console().print(asJson ? json.write(entry) : format(entry)));
            return 0;
        }
        try (AuditStream entries = context.controller().followAudit(filter)) {
            for (Optional<AuditEntry> entry = entries.next(); entry.isPresent(); entry = entries.next()) {
                context.console().print(asJson ? json.write(entry.get()) : format(entry.get()));
                // a reader that has gone, such as head, is no failure
                if (context.console().out().checkError()) {
                    return 0;
                }
            }
            return 0;
        } catch (IOException e) {
            throw new CliException("the audit ended early: " + e.getMessage(), e);
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (RuntimeException e) {
            throw new CliException("\"%s\" is no time; give one like 2026-11-21T12:00:00Z".formatted(text), e);
        }
    }

    private static OptionalInt number(Arguments arguments) {
        Optional<String> number = arguments.option("number");
        try {
            return number.isPresent() ? OptionalInt.of(Integer.parseInt(number.get())) : OptionalInt.empty();
        } catch (NumberFormatException e) {
            throw new CliException("\"" + number.get() + "\" is no number of entries", e);
        }
    }

    static String format(AuditEntry entry) {
        String missing = entry.missing() > 0 ? " (%d before this are missing)".formatted(entry.missing()) : "";
        return "%s %s %s %s %d %dms from %s, request %s%s"
                .formatted(
                        entry.at(),
                        entry.key(),
                        entry.method(),
                        entry.path(),
                        entry.status(),
                        entry.millis(),
                        entry.remote(),
                        entry.requestId(),
                        missing);
    }
}
