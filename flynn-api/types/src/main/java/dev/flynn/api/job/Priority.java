package dev.flynn.api.job;

import dev.flynn.api.error.FlynnException;
import java.util.Locale;
import org.apiguardian.api.API;

/** Whose jobs come first where there is not room for all, the first one first (contract: layer 0, partitions). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Priority {
    /** The platform's own. */
    SYSTEM,
    /** Of apps. */
    USER,
    /** What may take as long as it takes, such as builds. */
    BACKGROUND;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws FlynnException {@code VALIDATION} */
    public static Priority ofWireName(String wireName) {
        for (Priority priority : values()) {
            if (priority.wireName().equals(wireName)) {
                return priority;
            }
        }
        throw FlynnException.invalidField("priority", "\"%s\" is none of system, user, background".formatted(wireName));
    }
}
