package dev.flynn.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the part of TOML that a cluster file is written in: keys with values on one line, tables, arrays of tables,
 * comments. Values that are no strings are skipped.
 */
final class Toml {

    private final String text;
    private int at;
    private int line = 1;

    private Toml(String text) {
        this.text = text;
    }

    /**
     * A table of a document.
     *
     * @param name lower case, empty for what stands before the first table
     * @param values the strings in it, by lower-case key
     */
    record Table(String name, Map<String, String> values) {}

    /** What is wrong with a document, and where. */
    static final class MalformedException extends Exception {

        private static final long serialVersionUID = 1L;

        private final int line;

        MalformedException(int line, String message) {
            super(message);
            this.line = line;
        }

        int line() {
            return line;
        }
    }

    /** The tables of a document in their order; the first one is what stands before them. */
    static List<Table> read(String text) throws MalformedException {
        return new Toml(text).document();
    }

    private List<Table> document() throws MalformedException {
        List<Table> tables = new ArrayList<>();
        tables.add(new Table("", new HashMap<>()));
        while (at < text.length()) {
            skipSpaces();
            if (peek() == '[') {
                tables.add(new Table(header(), new HashMap<>()));
            } else if (peek() != '#' && peek() != '\n') {
                String key = key();
                skipSpaces();
                expect('=');
                skipSpaces();
                value(key, tables.get(tables.size() - 1).values());
            }
            endOfLine();
        }
        return tables;
    }

    private String header() throws MalformedException {
        boolean array = text.startsWith("[[", at);
        at += array ? 2 : 1;
        skipSpaces();
        String name = key();
        skipSpaces();
        expect(']');
        if (array) {
            expect(']');
        }
        return name;
    }

    private String key() throws MalformedException {
        if (peek() == '"' || peek() == '\'') {
            return string().toLowerCase(Locale.ROOT);
        }
        int start = at;
        while (isBare(peek())) {
            at++;
        }
        if (at == start) {
            throw malformed("expected a key, found " + found());
        }
        return text.substring(start, at).toLowerCase(Locale.ROOT);
    }

    private static boolean isBare(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.';
    }

    private void value(String key, Map<String, String> into) throws MalformedException {
        if (text.startsWith("\"\"\"", at) || text.startsWith("'''", at)) {
            throw malformed("\"" + key + "\": a string must not go over several lines");
        }
        if (peek() == '"' || peek() == '\'') {
            into.put(key, string());
            return;
        }
        int start = at;
        while (peek() != '\n' && peek() != '#') {
            at++;
        }
        if (text.substring(start, at).isBlank()) {
            throw malformed("\"" + key + "\" has no value");
        }
    }

    private String string() throws MalformedException {
        char quote = text.charAt(at++);
        var string = new StringBuilder();
        while (peek() != quote) {
            if (peek() == '\n') {
                throw malformed("a string does not end");
            }
            char c = text.charAt(at++);
            if (c == '\\' && quote == '"') {
                escape(string);
            } else {
                string.append(c);
            }
        }
        at++;
        return string.toString();
    }

    private void escape(StringBuilder string) throws MalformedException {
        char c = peek();
        at++;
        switch (c) {
            case 'b' -> string.append('\b');
            case 't' -> string.append('\t');
            case 'n' -> string.append('\n');
            case 'f' -> string.append('\f');
            case 'r' -> string.append('\r');
            case '"', '\\' -> string.append(c);
            case 'u' -> string.appendCodePoint(hex(4));
            case 'U' -> string.appendCodePoint(hex(8));
            default -> throw malformed("\\" + c + " is no escape");
        }
    }

    private int hex(int digits) throws MalformedException {
        try {
            int codePoint = Integer.parseInt(text.substring(at, at + digits), 16);
            at += digits;
            if (Character.isValidCodePoint(codePoint)) {
                return codePoint;
            }
        } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
            // told below
        }
        throw malformed("an escape needs " + digits + " hexadecimal digits of a character");
    }

    private void endOfLine() throws MalformedException {
        skipSpaces();
        if (peek() == '#') {
            while (peek() != '\n') {
                at++;
            }
        }
        expect('\n');
        line++;
    }

    private void skipSpaces() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\r') {
            at++;
        }
    }

    /** The next character; the end of the text looks like the end of a line. */
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\n';
    }

    private void expect(char wanted) throws MalformedException {
        if (peek() != wanted) {
            throw malformed(
                    "expected " + (wanted == '\n' ? "the end of the line" : "'" + wanted + "'") + ", found " + found());
        }
        at++;
    }

    private String found() {
        return peek() == '\n' ? "the end of the line" : "'" + peek() + "'";
    }

    private MalformedException malformed(String message) {
        return new MalformedException(line, message);
    }

    /** A string as TOML writes it. */
    static String quoted(String value) {
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append(c);
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < ' ' || c == 127) {
                        quoted.append("\\u%04x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
