package dev.flynn.router.message;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * Where a client connection comes from: what the router adds to {@code X-Forwarded-*}, the port that it came in by, and what it
 * speaks.
 *
 * @param tlsVersion such as {@code TLSv1.3}; empty without TLS
 */
public record Hop(byte[] clientIp, byte[] proto, byte[] port, Entrance entrance, String tlsVersion, boolean http2) {

    private static final byte[] HTTP = Ascii.bytes("http");
    /** What addresses of IPv4 begin with when they come in by a socket of IPv6 (RFC 4291, section 2.5.5.2). */
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private static final byte[] HTTPS = Ascii.bytes("https");

    public static Hop of(InetSocketAddress client, Entrance entrance, String tlsVersion) {
        return new Hop(
                Ascii.bytes(text(client.getAddress())),
                tlsVersion.isEmpty() ? HTTP : HTTPS,
                Ascii.bytes(Integer.toString(entrance.port())),
                entrance,
                tlsVersion,
                false);
    }

    /** The same, for requests of HTTP/2. */
    public Hop inHttp2() {
        return new Hop(clientIp, proto, port, entrance, tlsVersion, true);
    }

    public boolean isTls() {
        return !tlsVersion.isEmpty();
    }

    /** The client's address. */
    public String client() {
        return Ascii.string(clientIp, 0, clientIp.length);
    }

    private static String text(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address.getHostAddress();
        }
        byte[] bytes = address.getAddress();
        if (Arrays.equals(bytes, 0, MAPPED.length, MAPPED, 0, MAPPED.length)) {
            return "%d.%d.%d.%d".formatted(bytes[12] & 0xff, bytes[13] & 0xff, bytes[14] & 0xff, bytes[15] & 0xff);
        }
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}
