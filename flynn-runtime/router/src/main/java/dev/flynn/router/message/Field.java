package dev.flynn.router.message;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** The header fields that the router itself reads or writes. */
public enum Field {
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    UPGRADE,
    TE,
    TRAILER,
    /** No field of any standard, but one that the contract drops. */
    TRAILERS,
    EXPECT,
    ACCEPT,
    COOKIE,
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    X_FORWARDED_PORT,
    X_REQUEST_START,
    X_REQUEST_ID,
    OTHER;

    private static final Field[][] BY_LENGTH = byLength();

    private final byte[] lowerCaseName =
            name().toLowerCase(Locale.ROOT).replace('_', '-').getBytes(StandardCharsets.US_ASCII);

    /** The field of that name in any letter case. */
    static Field of(byte[] bytes, int start, int end) {
        int length = end - start;
        if (length < BY_LENGTH.length) {
            for (Field field : BY_LENGTH[length]) {
                if (Ascii.equalsIgnoreCase(bytes, start, end, field.lowerCaseName)) {
                    return field;
                }
            }
        }
        return OTHER;
    }

    private static Field[][] byLength() {
        int longest = Arrays.stream(values())
                .mapToInt(field -> field.lowerCaseName.length)
                .max()
                .orElse(0);
        Field[][] fields = new Field[longest + 1][];
        for (int length = 0; length <= longest; length++) {
            int wanted = length;
            fields[length] = Arrays.stream(values())
                    .filter(field -> field != OTHER && field.lowerCaseName.length == wanted)
                    .toArray(Field[]::new);
        }
        return fields;
    }
}
