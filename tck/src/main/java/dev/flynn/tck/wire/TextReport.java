package dev.flynn.tck.wire;

import java.util.List;

/** What a terminal shows: a line for each endpoint, then what went wrong, then the sums. */
final class TextReport {

    private TextReport() {}

    static String of(Report report) {
        var text = new StringBuilder();
        text.append("wire conformance suite %s, profile %s, %s%n%n"
                .formatted(report.version(), report.profile().title(), report.url()));
        report.byEndpoint().forEach((endpoint, results) -> text.append(line(endpoint, results)));
        text.append('\n');
        report.results().stream()
                .filter(result -> result.outcome().isBad())
                .forEach(result -> text.append(told(result)));
        skipped(text, report);
        report.remains().forEach(line -> text.append("remains: ").append(line).append('\n'));
        text.append(report.summary()).append('\n');
        return text.toString();
    }

    private static String line(Endpoint endpoint, List<Result> results) {
        long bad = results.stream().filter(result -> result.outcome().isBad()).count();
        long passed = results.stream()
                .filter(result -> result.outcome() == Outcome.PASSED)
                .count();
        long skipped = results.size() - bad - passed;
        return "%-4s %-24s %-52s %3d passed%s%s%n"
                .formatted(
                        bad > 0 ? "FAIL" : passed > 0 ? "ok" : "-",
                        endpoint.id(),
                        endpoint.call(),
                        passed,
                        bad > 0 ? ", %d failed".formatted(bad) : "",
                        skipped > 0 ? ", %d skipped".formatted(skipped) : "");
    }

    private static String told(Result result) {
        var text = new StringBuilder();
        text.append("%s %s [controller %s] %s%n  %s%n  %s%n"
                .formatted(
                        result.outcome() == Outcome.FAILED ? "FAILED" : "BLOCKED",
                        result.check(),
                        result.section(),
                        result.endpoint().call(),
                        result.says(),
                        result.message()));
        result.transcript().forEach(exchange -> {
            text.append("  ----\n");
            exchange.lines().forEach(line -> text.append("  | ").append(line).append('\n'));
        });
        return text.append('\n').toString();
    }

    private static void skipped(StringBuilder text, Report report) {
        report.results().stream()
                .filter(result -> result.outcome() == Outcome.SKIPPED)
                .map(result -> "skipped: %s: %s%n".formatted(result.check(), result.message()))
                .forEach(text::append);
    }
}
