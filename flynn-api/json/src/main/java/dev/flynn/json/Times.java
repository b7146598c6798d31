package dev.flynn.json;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/** Times as the wire has them: RFC 3339 in UTC with Z, trailing zeros of the fraction cut. */
public final class Times {

    /** A time that was never set. */
    public static final String ZERO = "0001-01-01T00:00:00Z";

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private Times() {}

    /** To the microsecond. */
    public static String format(Instant time) {
        return formatNanos(time.truncatedTo(ChronoUnit.MICROS));
    }

    public static String formatNanos(Instant time) {
        String seconds = SECONDS.format(time);
        if (time.getNano() == 0) {
            return seconds + "Z";
        }
        // a Formatter looks up the locale's digits each time, and every record in the store has such times
        String fraction = Integer.toString(NANOS_PER_SECOND + time.getNano()).substring(1);
        int end = fraction.length();
        while (fraction.charAt(end - 1) == '0') {
            end--;
        }
        return seconds + "." + fraction.substring(0, end) + "Z";
    }

    /** Reads any RFC 3339 time, with any zone offset. */
    public static Instant parse(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR, e);
        }
    }
}
