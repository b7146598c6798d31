package dev.flynn.api.id;

import dev.flynn.api.error.FlynnException;
import java.util.UUID;
import org.apiguardian.api.API;

/** Reading UUIDs as clients write them: the dashes are optional, the letters lower case. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Ids {

    private static final int DIGITS = 32;

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
        if (!isId(text)) {
            throw FlynnException.invalid("\"%s\" is not an id; an id is a UUID in lower case".formatted(text));
        }
        long high = 0;
        long low = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '-') {
                high = high << 4 | low >>> 60;
                low = low << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
            }
        }
        return new UUID(high, low);
    }
}
