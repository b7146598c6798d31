package dev.flynn.tck.wire;

import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Collectors;

/** The report as a page of documentation: a row for each endpoint, and what is not as it should be. */
final class MarkdownReport {

    private MarkdownReport() {}

    static String of(Report report) {
        var text = new StringBuilder();
        text.append("Wire conformance suite %s, profile %s, on %s: %s.%n%n"
                .formatted(
                        report.version(),
                        report.profile().title(),
                        report.at().atZone(ZoneOffset.UTC).toLocalDate(),
                        report.summary()));
        text.append(
                "| checks of | endpoint | section | passed | failed | skipped |\n| --- | --- | --- | --- | --- | --- |\n");
        report.byEndpoint()
                .forEach((endpoint, results) -> text.append("| %s | `%s` | %s | %d | %s | %s |%n"
                        .formatted(
                                endpoint.id(),
                                endpoint.call(),
                                endpoint.section(),
                                count(results, Outcome.PASSED),
                                shown(count(results, Outcome.FAILED) + count(results, Outcome.BLOCKED)),
                                shown(count(results, Outcome.SKIPPED)))));
        section(text, "Failed", report, List.of(Outcome.FAILED, Outcome.BLOCKED));
        section(text, "Skipped", report, List.of(Outcome.SKIPPED));
        return text.toString();
    }

    private static void section(StringBuilder text, String title, Report report, List<Outcome> outcomes) {
        String lines = report.results().stream()
                .filter(result -> outcomes.contains(result.outcome()))
                .map(result -> "* `%s` (%s): %s; %s"
                        .formatted(
                                result.check(),
                                result.section(),
                                result.says(),
                                result.message().replace("\n", "\\n")))
                .collect(Collectors.joining("\n"));
        if (!lines.isEmpty()) {
            text.append("\n").append(title).append(":\n\n").append(lines).append('\n');
        }
    }

    private static String shown(long count) {
        return count == 0 ? "" : String.valueOf(count);
    }

    private static long count(List<Result> results, Outcome outcome) {
        return results.stream().filter(result -> result.outcome() == outcome).count();
    }
}
