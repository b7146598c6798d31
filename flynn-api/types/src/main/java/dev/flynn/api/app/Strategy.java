package dev.flynn.api.app;

import dev.flynn.api.error.FlynnException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/** How a deployment replaces the jobs of one release by those of another (contract: controller, Strategies). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Strategy {
    ALL_AT_ONCE("all-at-once"),
    ONE_BY_ONE("one-by-one"),
    POSTGRES("postgres"),
    DISCOVERD_META("discoverd-meta");

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
