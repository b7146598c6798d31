package dev.flynn.tck.wire;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/** How much of the contract is asked for; each profile has all that is before it. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Profile {
    /** What each client needs: the endpoints of apps, releases, artifacts, formations, jobs, deployments, routes, events. */
    CORE("core"),
    /** The whole contract of 2015. */
    FULL("full"),
    /** And what clients of 2021 send and read. */
    FORWARD("2021");

    private final String title;

    Profile(String title) {
        this.title = title;
    }

    public String title() {
        return title;
    }

    boolean includes(Profile other) {
        return other.ordinal() <= ordinal();
    }

    static Optional<Profile> named(String name) {
        return Stream.of(values())
                .filter(profile -> profile.title.equals(name.toLowerCase(Locale.ROOT)))
                .findFirst();
    }
}
