package dev.flynn.api.app;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * An application: the name that releases, routes and resources belong to.
 *
 * @param name 1 to 100 characters, lower-case words joined by dashes; unique among living apps
 * @param strategy how a deployment moves jobs, see {@link Strategy}
 * @param release the release that is deployed, empty until the first deployment
 * @param deployTimeout seconds a client waits for the next sign of life of a deployment; at least 1
 * @param isProtected whether deleting the app and scaling it to nothing is refused
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record App(
        AppId id,
        String name,
        Map<String, String> meta,
        Strategy strategy,
        Optional<ReleaseId> release,
        int deployTimeout,
        boolean isProtected,
        Instant createdAt,
        Instant updatedAt) {

    /** What a name must match; the text is part of the wire's error message. */
    public static final String NAME_PATTERN = "^[a-z\\d]+(-[a-z\\d]+)*$";

    public static final int MAX_NAME_LENGTH = 100;
    public static final int DEFAULT_DEPLOY_TIMEOUT = 30;

    /** Metadata key that marks the platform's own apps, with the value {@code true}. */
    public static final String SYSTEM_APP = "flynn-system-app";

    private static final Pattern NAME = Pattern.compile(NAME_PATTERN);

    public App {
        requireNonNull(id, "id");
        requireNonNull(strategy, "strategy");
        requireNonNull(release, "release");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(updatedAt, "updatedAt");
        requireValidName(name);
        meta = Map.copyOf(meta);
    }

    /** Throws the contract's {@code validation_error} unless the name is a valid app name. */
    public static void requireValidName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw FlynnException.invalidField("name", "String must match the pattern: \"" + NAME_PATTERN + "\".");
        }
        if (name.length() > MAX_NAME_LENGTH) {
            throw FlynnException.invalidField("name", "String length must be lower or equal " + MAX_NAME_LENGTH + ".");
        }
    }

    /** Whether the app is a part of the platform: no default route, hidden in some user interfaces. */
    public boolean isSystemApp() {
        return "true".equals(meta.get(SYSTEM_APP));
    }

    public App withRelease(ReleaseId deployed, Instant now) {
        return new App(id, name, meta, strategy, Optional.of(deployed), deployTimeout, isProtected, createdAt, now);
    }
}
