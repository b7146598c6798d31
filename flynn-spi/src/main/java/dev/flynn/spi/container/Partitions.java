package dev.flynn.spi.container;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.job.Priority;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/**
 * How a host's processors are shared between the partitions of its jobs while there is not enough for all (contract: layer 0,
 * partitions). Within a partition jobs share what it gets by their limits.
 *
 * @param shares of each partition, in relation to those of the others: 2 to 262144, as {@code cpu.shares} of a control group
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Partitions(Map<Priority, Integer> shares) {

    public static final Partitions DEFAULTS =
            new Partitions(Map.of(Priority.SYSTEM, 4096, Priority.BACKGROUND, 4096, Priority.USER, 8192));

    private static final String FIELD = "partitions";
    private static final String SHARES = "cpu_shares:";
    private static final int LEAST = 2;
    private static final int MOST = 262_144;

    /** @throws FlynnException {@code VALIDATION} if one is missing, or its shares are out of range */
    public Partitions {
        for (Priority partition : Priority.values()) {
            Integer given = shares.get(partition);
            if (given == null) {
                throw FlynnException.invalidField(
                        FIELD, "must name system, background and user; %s is missing".formatted(partition.wireName()));
            }
            if (given < LEAST || given > MOST) {
                throw FlynnException.invalidField(
                        FIELD,
                        "%s must have %d to %d shares, not %d".formatted(partition.wireName(), LEAST, MOST, given));
            }
        }
        shares = Map.copyOf(shares);
    }

    /**
     * Reads what is said of all three: {@code system=cpu_shares:4096 background=cpu_shares:4096 user=cpu_shares:8192}.
     *
     * @throws FlynnException {@code VALIDATION}, naming what is wrong
     */
    public static Partitions parse(String text) {
        Map<Priority, Integer> shares = new EnumMap<>(Priority.class);
        for (String part : text.strip().split("\\s+")) {
            int equals = part.indexOf('=');
            if (equals < 0 || !part.startsWith(SHARES, equals + 1)) {
                throw FlynnException.invalidField(
                        FIELD, "\"%s\" is not of the form user=cpu_shares:8192".formatted(part));
            }
            if (shares.put(named(part.substring(0, equals)), number(part, equals)) != null) {
                throw FlynnException.invalidField(FIELD, "\"%s\" is named twice".formatted(part.substring(0, equals)));
            }
        }
        return new Partitions(shares);
    }

    private static Priority named(String name) {
        try {
            return Priority.ofWireName(name);
        } catch (FlynnException e) {
            throw FlynnException.invalidField(FIELD, "\"%s\" is none of system, background, user".formatted(name));
        }
    }

    private static int number(String part, int equals) {
        try {
            return Integer.parseInt(part.substring(equals + 1 + SHARES.length()));
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField(FIELD, "\"%s\" must end with a number".formatted(part));
        }
    }

    /** The shares of each by its name on the wire. */
    public Map<String, Integer> byName() {
        return shares.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(each -> each.getKey().wireName(), Map.Entry::getValue));
    }

    /** As {@link #parse} reads it. */
    public String text() {
        return Arrays.stream(Priority.values())
                .map(partition -> partition.wireName() + "=" + SHARES + shares.get(partition))
                .collect(Collectors.joining(" "));
    }

    /** The one that a job belongs to. */
    public static Priority of(JobSpec job) {
        return job.partition().orElse(Priority.USER);
    }
}
