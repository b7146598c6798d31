package dev.flynn.tck.wire;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The report for programs. */
final class JsonReport {

    private JsonReport() {}

    static String of(Report report) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("suite", report.version());
        all.put("profile", report.profile().title());
        all.put("url", report.url());
        all.put("at", report.at().toString());
        all.put("seconds", report.took().toMillis() / 1000.0);
        all.put("good", report.isGood());
        for (Outcome outcome : Outcome.values()) {
            all.put(outcome.title(), report.count(outcome));
        }
        all.put("remains", report.remains());
        all.put("checks", report.results().stream().map(JsonReport::of).toList());
        return Json.pretty(all) + "\n";
    }

    private static Map<String, Object> of(Result result) {
        Map<String, Object> check = new LinkedHashMap<>();
        check.put("id", result.check());
        check.put("endpoint", result.endpoint().call());
        check.put("section", result.section());
        check.put("says", result.says());
        check.put("outcome", result.outcome().title());
        check.put("seconds", result.took().toMillis() / 1000.0);
        if (!result.message().isEmpty()) {
            check.put("message", result.message());
        }
        List<String> transcript = result.transcript();
        if (!transcript.isEmpty()) {
            check.put("transcript", transcript);
        }
        return check;
    }
}
