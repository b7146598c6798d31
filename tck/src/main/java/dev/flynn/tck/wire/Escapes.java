package dev.flynn.tck.wire;

/** Text within XML and HTML. */
final class Escapes {

    private Escapes() {}

    static String xml(String text) {
        var escaped = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\n', '\t' -> escaped.appendCodePoint(point);
                default -> escaped.appendCodePoint(allowed(point) ? point : '?');
            }
        });
        return escaped.toString();
    }

    private static boolean allowed(int point) {
        return point >= 0x20 && point <= 0xd7ff || point >= 0xe000 && point <= 0xfffd || point >= 0x10000;
    }
}
