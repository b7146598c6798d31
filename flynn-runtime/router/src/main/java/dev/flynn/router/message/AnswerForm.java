package dev.flynn.router.message;

import org.jspecify.annotations.Nullable;

/** What a client wants the router's own answers to look like, by its {@code Accept} field (RFC 9110, section 12.5.1). */
public enum AnswerForm {
    /** A page, for a person with a browser. */
    HTML("text/html", "text/html; charset=utf-8"),
    /** For a program that asks for it. */
    JSON("application/json", "application/json"),
    /** One line, for everybody else. */
    TEXT("text/plain", "text/plain; charset=utf-8");

    private static final byte[] QUALITY = Ascii.bytes("q=");

    private final byte[] range;
    private final String contentType;

    AnswerForm(String range, String contentType) {
        this.range = Ascii.bytes(range);
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }

    /** The one that is named with the highest quality; of equal ones the first. Ranges such as {@code *&#47;*} name none. */
    public static AnswerForm of(Head request) {
        AnswerForm best = TEXT;
        int bestQuality = 0;
        for (int i = request.indexOf(Field.ACCEPT); i >= 0; i = request.indexOf(Field.ACCEPT, i + 1)) {
            byte[] bytes = request.bytes();
            int end = request.valueEnd(i);
            for (int start = request.valueStart(i); start < end; ) {
                int comma = indexOf(bytes, ',', start, end);
                AnswerForm named = named(bytes, start, comma);
                int quality = named == null ? 0 : quality(bytes, start, comma);
                if (named != null && quality > bestQuality) {
                    best = named;
                    bestQuality = quality;
                }
                start = comma + 1;
            }
        }
        return best;
    }

    private static @Nullable AnswerForm named(byte[] bytes, int start, int end) {
        int from = start;
        while (from < end && (bytes[from] == ' ' || bytes[from] == '\t')) {
            from++;
        }
        int to = indexOf(bytes, ';', from, end);
        while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\t')) {
            to--;
        }
        for (AnswerForm form : values()) {
            if (Ascii.equalsIgnoreCase(bytes, from, to, form.range)) {
                return form;
            }
        }
        return null;
    }

    /** In thousandths; 1000 if it is not told, or not well formed. */
    private static int quality(byte[] bytes, int start, int end) {
        for (int at = indexOf(bytes, ';', start, end); at < end; at = indexOf(bytes, ';', at + 1, end)) {
            int from = at + 1;
            while (from < end && bytes[from] == ' ') {
                from++;
            }
            int value = from + QUALITY.length;
            if (value < end && Ascii.equalsIgnoreCase(bytes, from, value, QUALITY)) {
                return thousandths(bytes, value, end);
            }
        }
        return 1000;
    }

    private static int thousandths(byte[] bytes, int start, int end) {
        if (bytes[start] != '0') {
            return 1000;
        }
        int quality = 0;
        int weight = 100;
        for (int at = start + 2; at < end && weight > 0 && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
            quality += (bytes[at] - '0') * weight;
            weight /= 10;
        }
        return quality;
    }

    private static int indexOf(byte[] bytes, char wanted, int start, int end) {
        int at = start;
        while (at < end && bytes[at] != wanted) {
            at++;
        }
        return at;
    }
}
