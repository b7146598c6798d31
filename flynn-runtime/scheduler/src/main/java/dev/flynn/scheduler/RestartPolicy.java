package dev.flynn.scheduler;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a job that stopped unexpectedly waits for its restart (contract: controller, Restart and back-off).
 *
 * @param delays before the first restart in a row, the second, and so on; the last one holds for all that follow
 * @param resetAfter a job that ran at least that long starts the row anew
 */
public record RestartPolicy(List<Duration> delays, Duration resetAfter) {

    /** Variable with the unit of the older, slower policy: {@code 10m}. */
    public static final String VARIABLE = "BACKOFF_PERIOD";

    /** Twice at once, then after 1, 2, 4, 8 and nine times 10 seconds, then every 30; reset after five minutes. */
    public static final RestartPolicy DEFAULT = new RestartPolicy(defaultDelays(), Duration.ofMinutes(5));

    private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|h|m|s)");

    public RestartPolicy {
        delays = List.copyOf(delays);
        if (delays.isEmpty() || delays.stream().anyMatch(Duration::isNegative) || resetAfter.isNegative()) {
            throw FlynnException.invalid("a restart policy needs delays, none of them negative; was " + delays);
        }
    }

    /** Once at once, then after 1, 2, 4, 8, 16 units, then every 32; reset after one unit. */
    public static RestartPolicy doubling(Duration unit) {
        List<Duration> delays = new ArrayList<>(List.of(Duration.ZERO));
        for (int factor = 1; factor <= 32; factor *= 2) {
            delays.add(unit.multipliedBy(factor));
        }
        return new RestartPolicy(delays, unit);
    }

    /**
     * The policy that an environment asks for: {@link #doubling} with the unit in {@value #VARIABLE}, which is written like
     * {@code 1h30m}, {@code 10m}, {@code 5s} or {@code 500ms}; without that, {@link #DEFAULT}.
     *
     * @throws FlynnException {@code VALIDATION} if it is set to something else
     */
    public static RestartPolicy fromEnv(Map<String, String> env) {
        String unit = env.getOrDefault(VARIABLE, "");
        return unit.isEmpty() ? DEFAULT : doubling(parse(unit));
    }

    /** How long to wait after so many restarts in a row. */
    Duration delayAfter(int restarts) {
        return delays.get(Math.min(restarts, delays.size() - 1));
    }

    private static List<Duration> defaultDelays() {
        List<Duration> delays = new ArrayList<>();
        for (int seconds : new int[] {0, 0, 1, 2, 4, 8}) {
            delays.add(Duration.ofSeconds(seconds));
        }
        delays.addAll(Collections.nCopies(9, Duration.ofSeconds(10)));
        delays.add(Duration.ofSeconds(30));
        return delays;
    }

    private static Duration parse(String text) {
        Duration sum = Duration.ZERO;
        Matcher part = DURATION.matcher(text);
        int end = 0;
        while (part.find() && part.start() == end) {
            long amount = Long.parseLong(part.group(1));
            sum = sum.plus(
                    switch (part.group(2)) {
                        case "h" -> Duration.ofHours(amount);
                        case "m" -> Duration.ofMinutes(amount);
                        case "s" -> Duration.ofSeconds(amount);
                        default -> Duration.ofMillis(amount);
                    });
            end = part.end();
        }
        if (end != text.length() || sum.isZero()) {
            throw FlynnException.invalid(
                    "%s must be a duration such as 10m, 30s or 1h30m, was \"%s\"".formatted(VARIABLE, text));
        }
        return sum;
    }
}
