package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Escapes.xml;

import java.time.Duration;
import java.util.List;

/** The report as JUnit XML: a suite for each endpoint, a case for each check. */
final class JUnitReport {

    private JUnitReport() {}

    static String of(Report report) {
        var text = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        text.append(
                "<testsuites name=\"wire conformance %s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%s\">%n"
                        .formatted(
                                xml(report.version()),
                                report.results().size(),
                                report.count(Outcome.FAILED),
                                report.count(Outcome.BLOCKED),
                                report.count(Outcome.SKIPPED),
                                seconds(report.took())));
        report.byEndpoint().forEach((endpoint, results) -> text.append(of(endpoint, results)));
        return text.append("</testsuites>\n").toString();
    }

    private static String of(Endpoint endpoint, List<Result> results) {
        var text = new StringBuilder(
                "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">%n"
                        .formatted(
                                xml(endpoint.id() + " " + endpoint.call()),
                                results.size(),
                                count(results, Outcome.FAILED),
                                count(results, Outcome.BLOCKED),
                                count(results, Outcome.SKIPPED)));
        for (Result result : results) {
            text.append("    <testcase classname=\"%s\" name=\"%s\" time=\"%s\">%n"
                    .formatted(xml(endpoint.id()), xml(result.check()), seconds(result.took())));
            text.append(body(result)).append("    </testcase>\n");
        }
        return text.append("  </testsuite>\n").toString();
    }

    private static String body(Result result) {
        return switch (result.outcome()) {
            case PASSED -> "";
            case SKIPPED -> "      <skipped message=\"%s\"/>%n".formatted(xml(result.message()));
            case FAILED -> element("failure", result);
            case BLOCKED -> element("error", result);
        };
    }

    private static String element(String name, Result result) {
        return "      <%s message=\"%s\">%s</%s>%n"
                .formatted(
                        name,
                        xml(result.message()),
                        xml("controller %s: %s%n%n".formatted(result.section(), result.says())
                                + String.join("\n----\n", result.transcript())),
                        name);
    }

    private static long count(List<Result> results, Outcome outcome) {
        return results.stream().filter(result -> result.outcome() == outcome).count();
    }

    private static String seconds(Duration duration) {
        return "%.3f".formatted(duration.toMillis() / 1000.0);
    }
}
