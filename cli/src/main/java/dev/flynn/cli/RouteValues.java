package dev.flynn.cli;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How users write and read the values of a route's policy. */
final class RouteValues {

    private static final Map<String, Duration> UNITS = Map.of(
            "ms", Duration.ofMillis(1),
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1));

    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
    private static final Pattern RATE = Pattern.compile("(\\d{1,9})/(s|m|h|d)(?:,burst=(\\d{1,9}))?");

    private RouteValues() {}

    static Duration time(String option, String text) {
        Matcher time = TIME.matcher(text);
        if (!time.matches() || Long.parseLong(time.group(1)) == 0) {
            throw wrong(option, text, "a time such as 500ms, 30s, 5m or 1h");
        }
        return unit(time.group(2)).multipliedBy(Long.parseLong(time.group(1)));
    }

    static String time(Duration time) {
        for (String unit : new String[] {"h", "m", "s", "ms"}) {
            if (time.toNanos() % unit(unit).toNanos() == 0) {
                return time.dividedBy(unit(unit)) + unit;
            }
        }
        return time.toNanos() + "ns";
    }

    static RateLimit rate(String option, String text) {
        Matcher rate = RATE.matcher(text);
        if (!rate.matches()) {
            throw wrong(option, text, "a rate such as 100/s, 600/m, or 100/s,burst=200");
        }
        int requests = Integer.parseInt(rate.group(1));
        int burst = rate.group(3) == null ? requests : Integer.parseInt(rate.group(3));
        try {
            return new RateLimit(requests, unit(rate.group(2)), burst);
        } catch (FlynnException nothing) {
            throw wrong(option, text, "at least 1");
        }
    }

    static String rate(RateLimit limit) {
        String period = time(limit.per());
        String text = limit.requests() + "/" + (period.startsWith("1") ? period.substring(1) : period);
        return limit.burst() == limit.requests() ? text : text + ",burst=" + limit.burst();
    }

    static int number(String option, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw wrong(option, text, "a number");
        }
    }

    static long bytes(String option, String text) {
        return Limits.bytes(text).orElseThrow(() -> wrong(option, text, "a number of bytes such as 512kB or 10MB"));
    }

    /** The two parts of a text, before and behind the sign. */
    static String[] pair(String option, String text, char sign, String example) {
        int at = text.indexOf(sign);
        if (at <= 0) {
            throw wrong(option, text, example);
        }
        return new String[] {
            text.substring(0, at).strip(), text.substring(at + 1).strip()
        };
    }

    private static Duration unit(String name) {
        return UNITS.getOrDefault(name, Duration.ofSeconds(1));
    }

    private static CliException wrong(String option, String text, String wanted) {
        return new CliException("--%s must be %s, was \"%s\"".formatted(option, wanted, text));
    }
}
