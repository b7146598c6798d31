package dev.flynn.api.app;

import dev.flynn.api.error.FlynnException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/** How a deployment replaces the jobs of one release by those of another (contract: controller, Strategies). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Strategy {
    /** All new jobs, then none of the old ones. */
    ALL_AT_ONCE("all-at-once"),
    /** One new job, then one old one less. */
    ONE_BY_ONE("one-by-one"),
    /** The members of a replicated database, from the end of its chain to its beginning. */
    POSTGRES("postgres"),
    /** One by one; a new job is up when it says so in its service's metadata. */
    DISCOVERD_META("discoverd-meta"),
    /** As one by one, several jobs at a time. */
    IN_BATCHES("in-batches"),
    /** One old job less, then one new one: never more jobs than wanted. */
    ONE_DOWN_ONE_UP("one-down-one-up"),
    /** A share of the jobs first; the rest after some time, or when somebody says so. */
    CANARY("canary");

    private final String wireName;

    Strategy(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /**
     * The strategy of that wire name; {@code sirenia} is the later name of {@code postgres}.
     *
     * @throws FlynnException {@code VALIDATION} if there is none
     */
    public static Strategy ofWireName(String wireName) {
        if (wireName.equals("sirenia")) {
            return POSTGRES;
        }
        return Arrays.stream(values())
                .filter(strategy -> strategy.wireName.equals(wireName))
                .findFirst()
                .orElseThrow(() -> FlynnException.invalidField(
                        "strategy",
                        "\"%s\" is none of %s"
                                .formatted(
                                        wireName,
                                        Arrays.stream(values())
                                                .map(Strategy::wireName)
                                                .collect(Collectors.joining(", ")))));
    }

    @Override
    public String toString() {
        return wireName;
    }
}
