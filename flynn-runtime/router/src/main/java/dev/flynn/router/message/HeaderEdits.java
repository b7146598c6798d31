package dev.flynn.router.message;

import dev.flynn.api.route.RoutePolicy.HeaderRules;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Changes of header fields in the form that is fast to make: {@link HeaderRules}. Immutable. */
public final class HeaderEdits {

    public static final HeaderEdits NONE = new HeaderEdits(HeaderRules.NONE);

    /** In lower case: what is removed, and what is set in the place of whatever was there. */
    private final byte[][] dropped;

    private final byte[] lines;
    private final Map<AsciiString, AsciiString> fields = new LinkedHashMap<>();

    public HeaderEdits(HeaderRules rules) {
        Map<String, String> set = new TreeMap<>(rules.set());
        this.dropped = Stream.concat(rules.remove().stream(), set.keySet().stream())
                .map(name -> Ascii.bytes(name.toLowerCase(Locale.ROOT)))
                .toArray(byte[][]::new);
        StringBuilder text = new StringBuilder();
        set.forEach((name, value) -> {
            text.append(name).append(": ").append(value).append("\r\n");
            fields.put(AsciiString.of(name.toLowerCase(Locale.ROOT)), AsciiString.of(value));
        });
        this.lines = Ascii.bytes(text.toString());
    }

    /** Whether a field that somebody sent does not pass. */
    boolean drops(Head head, int index) {
        for (byte[] name : dropped) {
            if (head.nameIs(index, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a field that the router would add is not added. */
    boolean drops(byte[] lowerCaseName) {
        for (byte[] name : dropped) {
            if (Ascii.equalsIgnoreCase(lowerCaseName, 0, lowerCaseName.length, name)) {
                return true;
            }
        }
        return false;
    }

    void write(HeadBuffer out) {
        out.add(lines);
    }

    void addTo(Http2Headers headers) {
        fields.forEach(headers::add);
    }
}
