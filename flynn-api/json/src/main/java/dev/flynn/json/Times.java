package dev.flynn.json;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Times as the wire has them: RFC 3339 in UTC with Z, trailing zeros of the fraction cut. */
public final class Times {

    /** A time that was never set. */
    public static final String ZERO = "0001-01-01T00:00:00Z";

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

    private static final String USUAL = "0000-00-00T00:00:00Z";
    private static final int MAX_YEAR = 9999;
    private static final int NANO_DIGITS = 9;

    /** Of a time with nanoseconds in a year of four digits. */
    private static final int MAX_LENGTH = 30;

    private Times() {}

    /** To the microsecond. */
    public static String format(Instant time) {
        return formatNanos(time.truncatedTo(ChronoUnit.MICROS));
    }

    public static String formatNanos(Instant time) {
        var text = new StringBuilder(MAX_LENGTH);
        appendSeconds(time, text);
        if (time.getNano() != 0) {
            text.append('.');
            appendDigits(time.getNano(), NANO_DIGITS, text);
            int end = text.length();
            while (text.charAt(end - 1) == '0') {
                end--;
            }
            text.setLength(end);
        }
        return text.append('Z').toString();
    }

    /** Digit by digit: every record in the store has such times, and a formatter is ten times as slow. */
    private static void appendSeconds(Instant time, StringBuilder text) {
        var local = LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC);
        if (local.getYear() < 0 || local.getYear() > MAX_YEAR) {
            text.append(SECONDS.format(time));
            return;
        }
        appendDigits(local.getYear(), 4, text);
        appendDigits(local.getMonthValue(), 2, text.append('-'));
        appendDigits(local.getDayOfMonth(), 2, text.append('-'));
        appendDigits(local.getHour(), 2, text.append('T'));
        appendDigits(local.getMinute(), 2, text.append(':'));
        appendDigits(local.getSecond(), 2, text.append(':'));
    }

    private static void appendDigits(int number, int digits, StringBuilder text) {
        int power = 1;
        for (int i = 1; i < digits; i++) {
            power *= 10;
        }
        for (; power > 0; power /= 10) {
            text.append((char) ('0' + number / power % 10));
        }
    }

    /** Reads any RFC 3339 time, with any zone offset. */
    public static Instant parse(String text) {
        try {
            if (isUsual(text)) {
                return parseUsual(text);
            }
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR, e);
        }
    }

    /** Whether it looks as {@link #formatNanos} writes it. */
    private static boolean isUsual(String text) {
        int length = text.length();
        if (length < USUAL.length() || length > MAX_LENGTH || text.charAt(length - 1) != 'Z') {
            return false;
        }
        for (int i = 0; i < length - 1; i++) {
            char expected = i < USUAL.length() - 1 ? USUAL.charAt(i) : i == USUAL.length() - 1 ? '.' : '0';
            char is = text.charAt(i);
            if (expected == '0' ? is < '0' || is > '9' : is != expected) {
                return false;
            }
        }
        return length != USUAL.length() + 1; // a point that nothing follows
    }

    private static Instant parseUsual(String text) {
        var local = LocalDateTime.of(
                number(text, 0, 4),
                number(text, 5, 7),
                number(text, 8, 10),
                number(text, 11, 13),
                number(text, 14, 16),
                number(text, 17, 19));
        int nanos = 0;
        for (int i = 0; i < NANO_DIGITS; i++) {
            int at = USUAL.length() + i;
            nanos = 10 * nanos + (at < text.length() - 1 ? text.charAt(at) - '0' : 0);
        }
        return Instant.ofEpochSecond(local.toEpochSecond(ZoneOffset.UTC), nanos);
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }
}
