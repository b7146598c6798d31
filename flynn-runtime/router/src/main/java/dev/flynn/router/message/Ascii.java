package dev.flynn.router.message;

import java.nio.charset.StandardCharsets;

/** Reading text of HTTP where it lies, as bytes. */
public final class Ascii {

    /** The characters of methods and field names (RFC 9110, section 5.6.2). */
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (char c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[Character.toUpperCase(c)] = true;
        }
        for (char c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private Ascii() {}

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] lowerCase(byte[] text, int length) {
        byte[] lower = new byte[length];
        for (int i = 0; i < length; i++) {
            lower[i] = toLowerCase(text[i]);
        }
        return lower;
    }

    public static String string(byte[] bytes, int start, int end) {
        return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }

    public static boolean isToken(byte b) {
        return TOKEN[b & 0xff];
    }

    public static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    /** A control character that may not stand in a field value. */
    static boolean isForbiddenInValue(byte b) {
        return (b >= 0 && b < ' ' && b != '\t') || b == 0x7f;
    }

    /** Compares letters in any case; {@code lowerCase} holds letters, digits and dashes. */
    public static boolean equalsIgnoreCase(byte[] bytes, int start, int end, byte[] lowerCase) {
        if (end - start != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            if (toLowerCase(bytes[start + i]) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    public static boolean equalsIgnoreCase(byte[] bytes, int start, int end, int otherStart, int otherEnd) {
        if (end - start != otherEnd - otherStart) {
            return false;
        }
        for (int i = start, j = otherStart; i < end; i++, j++) {
            if (toLowerCase(bytes[i]) != toLowerCase(bytes[j])) {
                return false;
            }
        }
        return true;
    }

    /** Whether the text, in any letter case, stands anywhere in the range. */
    public static boolean containsIgnoreCase(byte[] bytes, int start, int end, byte[] lowerCase) {
        for (int i = start; i + lowerCase.length <= end; i++) {
            if (equalsIgnoreCase(bytes, i, i + lowerCase.length, lowerCase)) {
                return true;
            }
        }
        return false;
    }

    private static byte toLowerCase(byte b) {
        return b >= 'A' && b <= 'Z' ? (byte) (b + ('a' - 'A')) : b;
    }
}
