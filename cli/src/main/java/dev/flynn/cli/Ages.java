package dev.flynn.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How long ago something was, in words (contract: CLI, Output conventions). */
final class Ages {

    private Ages() {}

    /** Empty for a time that is not there. */
    static String ago(Optional<Instant> then, Instant now) {
        return then.map(time -> ago(time, now)).orElse("");
    }

    static String ago(Instant then, Instant now) {
        Duration age = Duration.between(then, now);
        return words(age) + " ago";
    }

    private static String words(Duration age) {
        if (age.toSeconds() < 1) {
            return "Less than a second";
        }
        if (age.toMinutes() < 1) {
            return age.toSeconds() + " seconds";
        }
        if (age.toMinutes() == 1) {
            return "About a minute";
        }
        if (age.toHours() < 1) {
            return age.toMinutes() + " minutes";
        }
        if (age.toHours() == 1) {
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
        return age.toDays() / 365 + " years";
    }
}
