package dev.flynn.router.policy;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Field;
import dev.flynn.router.message.Head;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The cookie that brings a session back to its backend: the address, so sealed that only routers can read and make it. */
public final class StickyCookies {

    private static final byte[] NAME = Ascii.bytes("_backend=");

    private final SecretBox box;

    public StickyCookies(byte[] key) {
        this.box = new SecretBox(key);
    }

    /** The value of {@code Set-Cookie} for a backend. */
    public String cookie(String addr) {
        byte[] sealed = box.seal(addr.getBytes(StandardCharsets.UTF_8));
        return "_backend=" + Base64.getEncoder().encodeToString(sealed) + "; Path=/";
    }

    /** The backend that the request asks for; what cannot be read is no wish. */
    @Nullable
    public String backend(Head request) {
        for (int i = request.indexOf(Field.COOKIE); i >= 0; i = request.indexOf(Field.COOKIE, i + 1)) {
            String addr = backend(request.bytes(), request.valueStart(i), request.valueEnd(i));
            if (addr != null) {
                return addr;
            }
        }
        return null;
    }

    private @Nullable String backend(byte[] bytes, int start, int end) {
        int at = start;
        while (at < end) {
            int pairEnd = at;
            while (pairEnd < end && bytes[pairEnd] != ';') {
                pairEnd++;
            }
            while (at < pairEnd && Ascii.isBlank(bytes[at])) {
                at++;
            }
            int valueStart = at + NAME.length;
            if (valueStart <= pairEnd && Ascii.equalsIgnoreCase(bytes, at, valueStart, NAME)) {
                String addr = open(Ascii.string(bytes, valueStart, pairEnd).strip());
                if (addr != null) {
                    return addr;
                }
            }
            at = pairEnd + 1;
        }
        return null;
    }

    private @Nullable String open(String value) {
        try {
            String text = value.startsWith("\"") && value.endsWith("\"") && value.length() > 1
                    ? value.substring(1, value.length() - 1)
                    : value;
            return box.open(Base64.getDecoder().decode(text))
                    .map(addr -> new String(addr, StandardCharsets.UTF_8))
                    .orElse(null);
        } catch (IllegalArgumentException notBase64) {
            return null;
        }
    }
}
