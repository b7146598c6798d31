package dev.flynn.distro.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** How long ago something was, in words (contract: layer 0, ps). */
final class Ages {

    private Ages() {}

    /** Empty for a time that is not there. */
    static String ago(Optional<Instant> then, Instant now) {
        return then.map(time -> words(Duration.between(time, now)) + " ago").orElse("");
    }

    private static String words(Duration age) {
        if (age.toSeconds() < 1) {
            return "Less than a second";
        }
        if (age.toSeconds() < 60) {
            return age.toSeconds() + " seconds";
        }
        if (age.toMinutes() < 2) {
            return "About a minute";
        }
        if (age.toMinutes() < 60) {
            return age.toMinutes() + " minutes";
        }
        if (age.toHours() < 2) {
            return "About an hour";
        }
        if (age.toHours() < 48) {
            return age.toHours() + " hours";
        }
        if (age.toDays() < 14) {
            return age.toDays() + " days";
        }
        if (age.toDays() < 90) {
            return age.toDays() / 7 + " weeks";
        }
        if (age.toDays() < 730) {
            return age.toDays() / 30 + " months";
        }
        return String.format(Locale.ROOT, "%f years", age.toNanos() / 1e9 / 3600 / 24 / 365);
    }
}
