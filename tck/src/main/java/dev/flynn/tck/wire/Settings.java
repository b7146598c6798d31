package dev.flynn.tck.wire;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import org.apiguardian.api.API;

/**
 * How the cluster is looked at.
 *
 * @param only the ids of the checks to make, with {@code *} for any text; several are separated by commas
 * @param skip the ids of checks not to make, in the same form; empty for none
 * @param artifactType of an image that has {@code /bin/sh}, for the checks that run jobs
 * @param artifactUri of that image
 * @param jobs whether jobs may be started
 * @param callbackHost under which the cluster reaches this machine, for the provider of resources that it is asked to use
 * @param patience how long something that has to happen may take
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Settings(
        Profile profile,
        String only,
        String skip,
        String artifactType,
        String artifactUri,
        boolean jobs,
        String callbackHost,
        Duration patience) {

    public static final Settings DEFAULTS =
            new Settings(Profile.FULL, "*", "", "host", "host:slugrunner", true, "127.0.0.1", Duration.ofSeconds(60));

    public Settings {
        requireNonNull(profile, "profile");
        requireNonNull(only, "only");
        requireNonNull(skip, "skip");
        requireNonNull(artifactType, "artifactType");
        requireNonNull(artifactUri, "artifactUri");
        requireNonNull(callbackHost, "callbackHost");
        requireNonNull(patience, "patience");
    }

    public Settings withProfile(Profile other) {
        return new Settings(other, only, skip, artifactType, artifactUri, jobs, callbackHost, patience);
    }

    public Settings withOnly(String globs) {
        return new Settings(profile, globs, skip, artifactType, artifactUri, jobs, callbackHost, patience);
    }

    public Settings withSkip(String globs) {
        return new Settings(profile, only, globs, artifactType, artifactUri, jobs, callbackHost, patience);
    }

    public Settings withArtifact(String type, String uri) {
        return new Settings(profile, only, skip, type, uri, jobs, callbackHost, patience);
    }

    public Settings withoutJobs() {
        return new Settings(profile, only, skip, artifactType, artifactUri, false, callbackHost, patience);
    }

    public Settings withCallbackHost(String host) {
        return new Settings(profile, only, skip, artifactType, artifactUri, jobs, host, patience);
    }

    public Settings withPatience(Duration other) {
        return new Settings(profile, only, skip, artifactType, artifactUri, jobs, callbackHost, other);
    }
}
