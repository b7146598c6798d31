package dev.flynn.router.policy;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Head;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The parameters of an {@code Authorization} field, such as {@code Digest username="ann", nc=00000001} (RFC 9110, section 11.4). */
final class AuthParameters {

    private static final byte[] AUTHORIZATION = Ascii.bytes("authorization");

    private final String text;
    private int at;

    private AuthParameters(String text) {
        this.text = text;
    }

    /** The field; with two of them there is none. */
    static Optional<String> field(Head head) {
        int found = -1;
        for (int i = 0; i < head.fieldCount(); i++) {
            if (head.nameIs(i, AUTHORIZATION)) {
                if (found >= 0) {
                    return Optional.empty();
                }
                found = i;
            }
        }
        return found < 0 ? Optional.empty() : Optional.of(head.value(found));
    }

    /**
     * Reads them, by their names in lower case.
     *
     * @return empty if the scheme is another one, or the field is malformed, or names a parameter twice
     */
    static Optional<Map<String, String>> of(String scheme, String field) {
        if (!field.regionMatches(true, 0, scheme + " ", 0, scheme.length() + 1)) {
            return Optional.empty();
        }
        return new AuthParameters(field.substring(scheme.length() + 1)).read();
    }

    private Optional<Map<String, String>> read() {
        Map<String, String> parameters = new HashMap<>();
        skipSeparators();
        while (at < text.length()) {
            String name = token();
            skipBlanks();
            if (name.isEmpty() || at >= text.length() || text.charAt(at) != '=') {
                return Optional.empty();
            }
            at++;
            skipBlanks();
            Optional<String> value = at < text.length() && text.charAt(at) == '"' ? quoted() : Optional.of(token());
            if (value.isEmpty() || parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value.get()) != null) {
                return Optional.empty();
            }
            skipBlanks();
            if (at < text.length() && text.charAt(at) != ',') {
                return Optional.empty();
            }
            skipSeparators();
        }
        return Optional.of(parameters);
    }

    private String token() {
        int start = at;
        while (at < text.length() && text.charAt(at) < 0x80 && Ascii.isToken((byte) text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    private Optional<String> quoted() {
        var value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return Optional.of(value.toString());
            }
            if (c == '\\') {
                at++;
                if (at == text.length()) {
                    return Optional.empty();
                }
            }
            value.append(text.charAt(at));
        }
        return Optional.empty();
    }

    private void skipBlanks() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
    }

    private void skipSeparators() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t' || text.charAt(at) == ',')) {
            at++;
        }
    }
}
