package dev.flynn.router.nginx;

import static dev.flynn.router.nginx.ConfigText.literal;
import static dev.flynn.router.nginx.ConfigText.quoted;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.router.nginx.Plan.Route;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

/** A route's policy in directives. */
final class Policies {

    /** Shorter than the longest word that nginx reads, however much of it is escaped. */
    private static final int PIECE = 200;

    private static final long MINUTE_MILLIS = Duration.ofMinutes(1).toMillis();

    private final Route route;
    private final RoutePolicy policy;

    Policies(Route route) {
        this.route = route;
        this.policy = route.source().policy();
    }

    /** Whether there is nothing to add to what every request gets. */
    boolean isEmpty() {
        return policy.equals(RoutePolicy.NONE);
    }

    /** Whether every request is answered without a backend. */
    boolean isOwnAnswer() {
        return policy.maintenance().isPresent();
    }

    RoutePolicy policy() {
        return policy;
    }

    /** Memory that is shared by the workers, and outlives a new configuration. */
    void zones(ConfigText text) {
        policy.maxConcurrent()
                .ifPresent(limit ->
                        text.line("limit_conn_zone", "$server_name$flynn_route", "zone=" + zone("c") + ":64k"));
        policy.rateLimit().ifPresent(limit -> rateZone(text, "$flynn_route", zone("r", limit), "64k", limit));
        policy.clientRateLimit()
                .ifPresent(limit -> rateZone(text, "$binary_remote_addr", zone("a", limit), "1m", limit));
    }

    private static void rateZone(ConfigText text, String key, String zone, String size, RateLimit limit) {
        text.line("limit_req_zone", key, "zone=%s:%s".formatted(zone, size), "rate=%dr/m".formatted(perMinute(limit)));
    }

    /** nginx counts in whole requests for a minute. */
    static long perMinute(RateLimit limit) {
        return Math.max(
                1,
                Math.round(
                        (double) limit.requests() * MINUTE_MILLIS / limit.per().toMillis()));
    }

    /** What is looked at before the request goes anywhere. */
    void checks(ConfigText text, NginxSettings settings) {
        if (policy.redirectToHttps()) {
            String port = settings.httpsPort()
                    .filter(https -> https != 443)
                    .map(https -> ":" + https)
                    .orElse("");
            text.open("if", "($https = \"\")")
                    .line("return", "308", quoted("https://$host%s$request_uri".formatted(port)))
                    .close();
        }
        policy.rateLimit().ifPresent(limit -> rate(text, zone("r", limit), limit));
        policy.clientRateLimit().ifPresent(limit -> rate(text, zone("a", limit), limit));
        policy.maxConcurrent()
                .ifPresent(limit -> text.line("limit_conn", zone("c"), Integer.toString(limit))
                        .line("limit_conn_status", "503"));
        policy.maxBodyBytes().ifPresent(limit -> {
            text.open("if", "($http_content_length ~ " + quoted("^0*" + greaterThan(limit) + "$") + ")")
                    .line("return", "413")
                    .close();
            // nginx reads 0 as no limit
            text.line("client_max_body_size", Long.toString(Math.max(1, limit)));
        });
        policy.dialTimeout().ifPresent(time -> text.line("proxy_connect_timeout", time.toMillis() + "ms"));
        policy.responseTimeout().ifPresent(time -> text.line("proxy_read_timeout", time.toMillis() + "ms"));
    }

    private static void rate(ConfigText text, String zone, RateLimit limit) {
        String burst = limit.burst() > 1 ? "burst=%d nodelay".formatted(limit.burst() - 1) : "";
        text.line("limit_req", ("zone=" + zone + " " + burst).strip()).line("limit_req_status", "429");
    }

    /** The answer of a route that is out of service. */
    void answer(ConfigText text) {
        Maintenance maintenance = policy.maintenance().orElseThrow();
        text.line("default_type", literal(maintenance.contentType()));
        maintenance
                .retryAfter()
                .ifPresent(after -> text.line("add_header", "Retry-After", Long.toString(after.toSeconds()), "always"));
        StringBuilder whole = new StringBuilder();
        String body = maintenance.body();
        for (int start = 0; start < body.length(); start += PIECE) {
            String variable = "$flynn_%s_%d".formatted(route.name(), start / PIECE);
            text.line("set", variable, literal(body.substring(start, Math.min(body.length(), start + PIECE))));
            whole.append(variable);
        }
        text.line("return", Integer.toString(maintenance.status()), '"' + whole.toString() + '"');
    }

    /** A name that stays the route's through changes of the table. */
    private String zone(String kind) {
        return "flynn_%s_%s".formatted(kind, hash(route.source().id()));
    }

    private String zone(String kind, RateLimit limit) {
        return "%s_%d".formatted(zone(kind), perMinute(limit));
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A regular expression for the decimal numbers above a limit, without leading zeros. */
    static String greaterThan(long limit) {
        String digits = Long.toString(limit);
        StringBuilder alternatives = new StringBuilder("(?:[1-9][0-9]{" + digits.length() + ",}");
        for (int i = 0; i < digits.length(); i++) {
            char digit = digits.charAt(i);
            if (digit < '9') {
                alternatives
                        .append('|')
                        .append(digits, 0, i)
                        .append('[')
                        .append((char) (digit + 1))
                        .append("-9][0-9]{")
                        .append(digits.length() - i - 1)
                        .append('}');
            }
        }
        return alternatives.append(')').toString();
    }
}
