package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Escapes.xml;

import java.util.List;

/** The report as one page that needs nothing else. */
final class HtmlReport {

    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Wire conformance</title>
            <style>
            body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
            h2 { font-size: 1.05em; margin: 1.6em 0 .3em } h2 code { font-weight: normal; color: #555 }
            ul { list-style: none; margin: 0; padding: 0 } li { margin: .15em 0; padding-left: 5.5em; text-indent: -5.5em }
            li > * { text-indent: 0 } b { display: inline-block; width: 5em; text-indent: 0; font-weight: 600 }
            .passed b { color: #18794e } .failed b, .blocked b { color: #c62a2f } .skipped b { color: #8a6d00 }
            .id { font-family: ui-monospace, monospace; font-size: .9em } .why { color: #555 }
            pre { background: #f5f5f5; padding: .7em; overflow-x: auto; font-size: .85em; margin: .4em 0 }
            details { margin-left: 0 } .sums { font-size: 1.1em }
            </style>
            </head>
            <body>
            <h1>Wire conformance</h1>
            """;

    private HtmlReport() {}

    static String of(Report report) {
        var text = new StringBuilder(HEAD);
        text.append("<p>Suite %s, profile %s, <code>%s</code>, %s</p>%n<p class=\"sums\">%s</p>%n"
                .formatted(
                        xml(report.version()),
                        report.profile().title(),
                        xml(report.url()),
                        report.at(),
                        xml(report.summary())));
        report.remains().forEach(line -> text.append("<p>Remains: %s</p>%n".formatted(xml(line))));
        report.byEndpoint().forEach((endpoint, results) -> text.append(of(endpoint, results)));
        return text.append("</body>\n</html>\n").toString();
    }

    private static String of(Endpoint endpoint, List<Result> results) {
        var text = new StringBuilder("<h2>%s <code>%s</code> %s</h2>%n<ul>%n"
                .formatted(xml(endpoint.id()), xml(endpoint.call()), xml(endpoint.section())));
        results.forEach(result -> text.append(of(result)));
        return text.append("</ul>\n").toString();
    }

    private static String of(Result result) {
        var text = new StringBuilder("<li class=\"%s\"><b>%s</b><span class=\"id\">%s</span> <span>%s (%s)</span>"
                .formatted(
                        result.outcome().title(),
                        result.outcome().title(),
                        xml(result.check()),
                        xml(result.says()),
                        xml(result.section())));
        if (!result.message().isEmpty()) {
            text.append("<br><span class=\"why\">%s</span>".formatted(xml(result.message())));
        }
        if (!result.transcript().isEmpty()) {
            text.append("<details%s><summary>what was asked and answered</summary>"
                    .formatted(result.outcome() == Outcome.FAILED ? " open" : ""));
            result.transcript().forEach(exchange -> text.append("<pre>%s</pre>".formatted(xml(exchange))));
            text.append("</details>");
        }
        return text.append("</li>\n").toString();
    }
}
