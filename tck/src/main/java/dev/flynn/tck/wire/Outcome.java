package dev.flynn.tck.wire;

import java.util.Locale;
import org.apiguardian.api.API;

/** What came of a check. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Outcome {
    PASSED,
    /** It is not as the contract says. */
    FAILED,
    /** It could not be looked at, for something that it needs did not work; not a success either. */
    BLOCKED,
    /** It does not apply, and says why. */
    SKIPPED;

    public String title() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isBad() {
        return this == FAILED || this == BLOCKED;
    }
}
