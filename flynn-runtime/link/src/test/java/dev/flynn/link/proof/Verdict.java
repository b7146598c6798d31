package dev.flynn.link.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is to be said of everything that the hosts of a run told.
 *
 * @param summary how much there was to check
 * @param violations of what is promised; empty if all is well
 */
record Verdict(String summary, List<String> violations) {

    private static final int SHOWN = 3;
    private static final int LONGEST = 2000;

    static Verdict on(List<Line> lines) {
        var registers = new Registers(lines);
        var changes = new Changes(lines);
        var claims = new Claims(lines);
        var services = new ServiceEvents(changes.byRevision().values(), lines);
        List<String> violations = new ArrayList<>();
        lines.stream().filter(line -> line.is("broken")).forEach(line -> violations.add(line.toString()));
        if (registers.answered() == 0 || claims.leaders() == 0 || services.events() == 0) {
            violations.add("there is nothing to check");
        }
        violations.addAll(claims.violations());
        violations.addAll(changes.violations());
        violations.addAll(services.violations());
        violations.addAll(registers.violations());
        return new Verdict(
                "%d operations on registers, %d answered; %d changes seen by %d watches; %d leaders; %d events seen by %d watches"
                        .formatted(
                                registers.operations(),
                                registers.answered(),
                                changes.byRevision().size(),
                                changes.watches(),
                                claims.leaders(),
                                services.events(),
                                services.watches()),
                List.copyOf(violations));
    }

    Verdict with(String violation) {
        return new Verdict(
                summary,
                Stream.concat(Stream.of(violation), violations.stream()).toList());
    }

    @Override
    public String toString() {
        if (violations.isEmpty()) {
            return summary + ": no violation";
        }
        List<String> shown = violations.stream()
                .limit(SHOWN)
                .map(violation -> violation.substring(0, Math.min(LONGEST, violation.length())))
                .toList();
        return "%s: %d VIOLATIONS:%n%s".formatted(summary, violations.size(), String.join("\n", shown));
    }
}
