package dev.flynn.client;

import dev.flynn.api.error.FlynnException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Where a server is, as a URL says it. */
record Endpoint(boolean tls, String host, int port, String authority) {

    /** @throws FlynnException {@code VALIDATION} if the text is no http or https URL */
    static Endpoint of(String url) {
        try {
            URI uri = new URI(url);
            boolean tls = "https".equals(uri.getScheme());
            if (uri.getHost() == null || (!tls && !"http".equals(uri.getScheme()))) {
                throw FlynnException.invalid("\"%s\" is no http or https URL".formatted(url));
            }
            int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
            return new Endpoint(tls, uri.getHost(), port, uri.getAuthority());
        } catch (URISyntaxException e) {
            throw FlynnException.invalid("\"%s\" is no URL: %s".formatted(url, e.getMessage()));
        }
    }

    /** What follows the authority in a URL of this place. */
    String target(String url) {
        String target = url.substring(url().length());
        return target.startsWith("/") ? target : "/" + target;
    }

    String url() {
        return (tls ? "https://" : "http://") + authority;
    }

    /**
     * Where to try, in this order. Names below {@code localhost} are this machine without any DNS (RFC 6761, section
     * 6.3).
     */
    List<InetSocketAddress> addresses() throws UnknownHostException {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.equals("localhost") || name.endsWith(".localhost")) {
            byte[] six = new byte[16];
            six[15] = 1;
            return List.of(
                    new InetSocketAddress(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1}), port),
                    new InetSocketAddress(InetAddress.getByAddress(host, six), port));
        }
        return Arrays.stream(InetAddress.getAllByName(host))
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }
}
