package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Addresses as text: {@code ip:port}, {@code [ip]:port} or {@code name:port}. */
final class Addresses {

    private static final int MAX_PORT = 65_535;

    private Addresses() {}

    static String format(InetSocketAddress address) {
        String ip = address.getAddress().getHostAddress();
        return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + address.getPort();
    }

    /** May ask a name server. */
    static InetSocketAddress resolve(String text) {
        int colon = text.lastIndexOf(':');
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (colon > 0 && port > 0 && port <= MAX_PORT) {
                String host = text.substring(0, colon);
                boolean bracketed = host.startsWith("[") && host.endsWith("]");
                return new InetSocketAddress(
                        InetAddress.getByName(bracketed ? host.substring(1, host.length() - 1) : host), port);
            }
        } catch (NumberFormatException e) {
            // refused below
        } catch (UnknownHostException e) {
            throw FlynnException.unavailable("no address is known for \"%s\"".formatted(text), e);
        }
        throw FlynnException.invalid("\"%s\" is no address: it has the form ip:port".formatted(text));
    }
}
