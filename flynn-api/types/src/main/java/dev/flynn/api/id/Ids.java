package dev.flynn.api.id;

import dev.flynn.api.error.FlynnException;
import java.util.UUID;
import org.apiguardian.api.API;

/** Reading UUIDs as clients write them: the dashes are optional, the letters lower case. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Ids {

    private static final int DIGITS = 32;

    /** With dashes after 8, 12, 16 and 20 digits. */
    private static final int USUAL_LENGTH = 36;

    private Ids() {}

    /** Whether the text has the shape of an id, so that it may name an object by id as well as by name. */
    public static boolean isId(String text) {
        int digits = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
                digits++;
            } else if (c != '-' || !mayHaveDashAfter(digits) || text.charAt(i - 1) == '-') {
                return false;
            }
        }
        return digits == DIGITS;
    }

    private static boolean mayHaveDashAfter(int digits) {
        return digits == 8 || digits == 12 || digits == 16 || digits == 20;
    }

    /**
     * Parses a UUID with or without dashes.
     *
     * @throws FlynnException {@code VALIDATION} if the text is no UUID
     */
    public static UUID parse(String text) {
        if (hasUsualDashes(text)) {
            // as the platform writes it, and reads it back for each job again and again: once over the text
            long first = hex(text, 0, 8);
            long second = hex(text, 9, 13);
            long third = hex(text, 14, 18);
            long fourth = hex(text, 19, 23);
            long fifth = hex(text, 24, USUAL_LENGTH);
            if ((first | second | third | fourth | fifth) >= 0) {
                return new UUID(first << 32 | second << 16 | third, fourth << 48 | fifth);
            }
        }
        if (!isId(text)) {
            throw FlynnException.invalid("\"%s\" is not an id; an id is a UUID in lower case".formatted(text));
        }
        long high = 0;
        long low = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '-') {
                high = high << 4 | low >>> 60;
                low = low << 4 | digit(c);
            }
        }
        return new UUID(high, low);
    }

    private static boolean hasUsualDashes(String text) {
        return text.length() == USUAL_LENGTH
                && text.charAt(8) == '-'
                && text.charAt(13) == '-'
                && text.charAt(18) == '-'
                && text.charAt(23) == '-';
    }

    /** The number that up to 15 digits make; negative if one of them is none. */
    private static long hex(String text, int from, int to) {
        long number = 0;
        long wrong = 0;
        for (int i = from; i < to; i++) {
            int digit = digit(text.charAt(i));
            wrong |= digit;
            number = number << 4 | digit;
        }
        return wrong < 0 ? -1 : number;
    }

    /** Negative for what is no digit of an id. */
    private static int digit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    }
}
