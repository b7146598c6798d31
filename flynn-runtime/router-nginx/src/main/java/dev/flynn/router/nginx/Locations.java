package dev.flynn.router.nginx;

import static dev.flynn.router.nginx.ConfigText.literal;

import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.router.nginx.Plan.Route;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Where requests are carried: each starts in the location that {@code $flynn_entry} names.
 *
 * <p>nginx takes a request whose connection ends before a response for one that may be repeated elsewhere. So it repeats
 * nothing here; but when not a byte of the request was sent, because the address refused the connection, the next location
 * asks the next address. That does not work while a body is still on its way: bodies are read first, but for those of
 * methods that nginx itself does not repeat once anything was sent.
 */
final class Locations {

    /** Repeated from location to location, with a body that was read before. */
    static final String REPEATED = "repeated";

    /** Streamed, and left to nginx to try all addresses of a group. */
    static final String STREAMED = "streamed";

    /** nginx follows ten redirects inside of it. */
    private static final int MAX_ATTEMPTS = 8;

    private static final String UNAVAILABLE = "return 503 \"Service Unavailable\\n\"";

    private final ConfigText text;
    private final NginxSettings settings;
    private final int attempts;

    Locations(ConfigText text, NginxSettings settings, Plan plan) {
        this.text = text;
        this.settings = settings;
        int longest = plan.services().stream()
                .mapToInt(service -> service.addrs().size())
                .max()
                .orElse(1);
        this.attempts = Math.min(MAX_ATTEMPTS, longest);
    }

    void write(Iterable<Route> routes) {
        text.open("location", "/")
                .line("error_page", "470", "=", "$flynn_entry")
                .line("return", "470")
                .close();
        text.open("location", "@missing")
                .line("return", "404", "\"Not Found\\n\"")
                .close();
        text.open("location", "@unavailable").line(UNAVAILABLE).close();
        carry("", requestFields(HeaderRules.NONE), () -> {}, HeaderRules.NONE);
        for (Route route : routes) {
            Policies policies = new Policies(route);
            if (policies.isOwnAnswer()) {
                text.open("location", "@" + route.name());
                policies.answer(text);
                text.close();
            } else if (!policies.isEmpty()) {
                carry(
                        route.name() + "_",
                        requestFields(policies.policy().requestHeaders()),
                        () -> policies.checks(text, settings),
                        policies.policy().responseHeaders());
            }
        }
    }

    private void carry(String prefix, Map<String, String> requestFields, Runnable checks, HeaderRules answers) {
        Consumer<String> proxy = target -> {
            requestFields.forEach((name, value) -> text.line("proxy_set_header", name, value));
            answers.remove().forEach(name -> text.line("proxy_hide_header", name));
            text.line("add_header", "Set-Cookie", "$flynn_set_cookie", "always");
            new TreeMap<>(answers.set())
                    .forEach((name, value) ->
                            text.line("proxy_hide_header", name).line("add_header", name, literal(value), "always"));
            text.line("proxy_pass", "http://" + target + "$request_uri");
        };
        text.open("location", "@" + prefix + STREAMED);
        checks.run();
        text.line("proxy_request_buffering", "off").line("proxy_next_upstream", "error", "timeout");
        text.line("error_page", "502", "504", "=", "@unavailable");
        proxy.accept("$flynn_first");
        text.close();
        text.open("location", "@" + prefix + REPEATED);
        checks.run();
        text.line("error_page", "502", "504", "=", attempts > 1 ? "@" + prefix + "again1" : "@unavailable");
        proxy.accept("$flynn_first");
        text.close();
        for (int failed = 1; failed < attempts; failed++) {
            text.open("location", "@" + prefix + "again" + failed);
            text.open("if", "($flynn_unsent = \"\")").line(UNAVAILABLE).close();
            text.open("if", "($flynn_size = \"" + failed + "\")")
                    .line(UNAVAILABLE)
                    .close();
            text.line(
                    "error_page",
                    "502",
                    "504",
                    "=",
                    failed + 1 < attempts ? "@" + prefix + "again" + (failed + 1) : "@unavailable");
            proxy.accept("$flynn_next");
            text.close();
        }
    }

    /** Header fields that the backend gets besides those of the client; an empty one is none. */
    private static Map<String, String> requestFields(HeaderRules rules) {
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        fields.put("Host", "$http_host");
        fields.put("Connection", "$flynn_connection");
        fields.put("Upgrade", "$flynn_upgrade");
        fields.put("X-Forwarded-For", "$proxy_add_x_forwarded_for");
        fields.put("X-Forwarded-Proto", "$flynn_forwarded_proto");
        fields.put("X-Forwarded-Port", "$flynn_forwarded_port");
        fields.put("X-Request-Start", "$flynn_start");
        fields.put("X-Request-Id", "$flynn_request_id");
        rules.remove().forEach(name -> fields.put(name, "\"\""));
        rules.set().forEach((name, value) -> fields.put(name, literal(value)));
        return new LinkedHashMap<>(fields);
    }
}
