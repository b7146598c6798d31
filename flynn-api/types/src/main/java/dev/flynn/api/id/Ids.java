package dev.flynn.api.id;

import dev.flynn.api.error.FlynnException;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/** Reading UUIDs as clients write them: the dashes are optional, the letters lower case. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Ids {

    private static final Pattern UUID_TEXT = Pattern.compile("[a-f0-9]{8}-?([a-f0-9]{4}-?){3}[a-f0-9]{12}");

    private Ids() {}

    /** Whether the text has the shape of an id, so that it may name an object by id as well as by name. */
    public static boolean isId(String text) {
        return UUID_TEXT.matcher(text).matches();
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
        String hex = text.replace("-", "");
        return new UUID(Long.parseUnsignedLong(hex, 0, 16, 16), Long.parseUnsignedLong(hex, 16, 32, 16));
    }
}
