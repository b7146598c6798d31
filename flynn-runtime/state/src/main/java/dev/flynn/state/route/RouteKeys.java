package dev.flynn.state.route;

import java.util.Locale;

/**
 * Keys of the store that no two routes have.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><td>{@code route-keys/http/<domain>/<path>}</td><td>id of the route; the domain in lower case</td></tr>
 * <tr><td>{@code route-keys/tcp/<port>}</td><td>id of the route</td></tr>
 * </table>
 */
final class RouteKeys {

    private RouteKeys() {}

    static String http(String domain, String path) {
        return httpPrefix(domain) + path;
    }

    /** The prefix of the keys of all routes of a domain, in whatever case it is written. */
    static String httpPrefix(String domain) {
        return "route-keys/http/" + domain.toLowerCase(Locale.ROOT);
    }

    static String tcp(int port) {
        return tcpPrefix() + port;
    }

    /** The prefix of the keys of all TCP routes. */
    static String tcpPrefix() {
        return "route-keys/tcp/";
    }
}
