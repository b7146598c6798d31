package dev.flynn.router;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** What the router adds to {@code X-Forwarded-*} for one client connection. */
record Hop(byte[] clientIp, byte[] proto, byte[] port) {

    private static final byte[] HTTP = Ascii.bytes("http");
    private static final byte[] HTTPS = Ascii.bytes("https");

    static Hop of(InetSocketAddress client, InetSocketAddress listener, boolean tls) {
        return new Hop(
                Ascii.bytes(text(client.getAddress())),
                tls ? HTTPS : HTTP,
                Ascii.bytes(Integer.toString(listener.getPort())));
    }

    boolean isTls() {
        return Arrays.equals(proto, HTTPS);
    }

    /** The client's address. */
    String client() {
        return Ascii.string(clientIp, 0, clientIp.length);
    }

    private static String text(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        return address instanceof Inet6Address && zone >= 0 ? text.substring(0, zone) : text;
    }
}
