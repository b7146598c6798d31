package dev.flynn.logs;

import dev.flynn.api.error.FlynnException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A syslog server.
 *
 * @param framing how messages stand in a stream; UDP has one in each datagram
 * @param authorities certificates, in PEM, of those who may vouch for the server; the JDK's if absent
 */
public record SyslogTarget(Transport transport, String host, int port, Framing framing, Optional<Path> authorities) {

    public static final int DEFAULT_PORT = 514;

    private static final int MAX_PORT = 65_535;

    /** How messages travel. */
    public enum Transport {
        TCP,
        UDP,
        TLS
    }

    /** RFC 6587. */
    public enum Framing {
        OCTET_COUNTING,
        NEWLINE
    }

    /**
     * Reads {@code syslog://host:port}, {@code syslog+udp://…} or {@code syslog+tls://…}; {@code ?format=newline} instead of
     * {@code rfc6587}, and {@code ca=/path/to/certificates.pem}. Without a port it is 514.
     *
     * @throws FlynnException {@code VALIDATION} that says what is wrong
     */
    public static SyslogTarget parse(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw FlynnException.invalid("\"%s\" is no URL of a syslog server: %s".formatted(url, e.getReason()));
        }
        Transport transport = switch (String.valueOf(uri.getScheme())) {
            case "syslog", "syslog+tcp" -> Transport.TCP;
            case "syslog+udp" -> Transport.UDP;
            case "syslog+tls" -> Transport.TLS;
            default ->
                throw FlynnException.invalid(
                        "\"%s\" is no URL of a syslog server: it begins with syslog://, syslog+udp:// or syslog+tls://"
                                .formatted(url));
        };
        if (uri.getHost() == null || uri.getPort() == 0 || uri.getPort() > MAX_PORT) {
            throw FlynnException.invalid("\"%s\" names no host and port of a syslog server".formatted(url));
        }
        Map<String, String> options = options(uri);
        Framing framing = switch (options.getOrDefault("format", "rfc6587")) {
            case "rfc6587" -> Framing.OCTET_COUNTING;
            case "newline" -> Framing.NEWLINE;
            default -> throw FlynnException.invalid("the format of a syslog server is rfc6587 or newline");
        };
        return new SyslogTarget(
                transport,
                uri.getHost(),
                uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(),
                framing,
                Optional.ofNullable(options.get("ca")).map(Path::of));
    }

    private static Map<String, String> options(URI uri) {
        Map<String, String> options = new TreeMap<>();
        if (uri.getQuery() == null) {
            return options;
        }
        for (String option : uri.getQuery().split("&")) {
            int equals = option.indexOf('=');
            String name = equals < 0 ? option : option.substring(0, equals);
            if (!name.equals("format") && !name.equals("ca")) {
                throw FlynnException.invalid(
                        "a syslog server has no option \"%s\"; it has format and ca".formatted(name));
            }
            options.put(name, option.substring(equals + 1));
        }
        return options;
    }

    FrameWriter.Form form() {
        if (transport == Transport.UDP) {
            return FrameWriter.Form.BARE;
        }
        return framing == Framing.NEWLINE ? FrameWriter.Form.NEWLINE : FrameWriter.Form.OCTET_COUNTING;
    }

    @Override
    public String toString() {
        return "%s://%s:%d"
                .formatted(
                        switch (transport) {
                            case TCP -> "syslog";
                            case UDP -> "syslog+udp";
                            case TLS -> "syslog+tls";
                        },
                        host,
                        port);
    }
}
