package dev.flynn.router.program;

import dev.flynn.api.error.FlynnException;
import dev.flynn.router.telemetry.AccessLogFormat;
import dev.flynn.spi.router.RouteTable;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the environment of a router's job says.
 *
 * @param listenIp {@code LISTEN_IP}: where the API is served; 127.0.0.1 if not set
 * @param port {@code PORT}: where the API is served; any free one if not set
 * @param routerListenIp {@code ROUTER_LISTEN_IP}: where clients connect; {@code LISTEN_IP} if not set
 * @param httpPort {@code DEFAULT_HTTP_PORT}, where 0 means that there is no plain HTTP, else {@code HTTP_PORT}; 8080 if neither
 *     is set
 * @param httpsPort {@code DEFAULT_HTTPS_PORT}, else {@code HTTPS_PORT}; 4433 if neither is set and there is a certificate
 * @param moreHttpPorts {@code ADDITIONAL_HTTP_PORTS}: numbers with commas between them
 * @param moreHttpsPorts {@code ADDITIONAL_HTTPS_PORTS}: numbers with commas between them
 * @param publicHttpsPort {@code PUBLIC_HTTPS_PORT}: where clients find TLS, if something in front of the router listens for
 *     them on another port
 * @param certificate {@code TLSCERT} and {@code TLSKEY}: the default certificate, PEM texts
 * @param cookieKey {@code COOKIE_KEY}: base64 of 32 bytes, required
 * @param proxyProtocol {@code PROXY_PROTOCOL}: whether connections may begin with a header of the PROXY protocol; false if
 *     not set
 * @param tlsEngine {@code TLS_ENGINE}: {@code auto} (if not set), {@code openssl} or {@code jdk}
 * @param legacyTls {@code LEGACY_TLS}: whether TLS 1.0 and 1.1 are allowed too; false if not set
 * @param router {@code ROUTER}: the name of the router that carries the requests; {@code netty} if not set
 * @param closeGrace {@code CLOSE_GRACE}: for requests in flight when the job stops, ISO-8601; five seconds if not set
 * @param accessLog {@code ACCESS_LOG}: {@code json} or {@code combined}; {@code off} if not set
 * @param unavailablePage {@code ERROR_503_PAGE_URL}: where the page is that clients see with 503; the router's own if not set
 */
record RouterSettings(
        String listenIp,
        int port,
        String routerListenIp,
        Optional<Integer> httpPort,
        Optional<Integer> httpsPort,
        List<Integer> moreHttpPorts,
        List<Integer> moreHttpsPorts,
        Optional<Integer> publicHttpsPort,
        Optional<RouteTable.Certificate> certificate,
        byte[] cookieKey,
        boolean proxyProtocol,
        String tlsEngine,
        boolean legacyTls,
        String router,
        Duration closeGrace,
        Optional<AccessLogFormat> accessLog,
        Optional<URI> unavailablePage) {

    private static final int DEFAULT_HTTP_PORT = 8080;
    private static final int DEFAULT_HTTPS_PORT = 4433;
    private static final int COOKIE_KEY_BYTES = 32;
    private static final Duration DEFAULT_CLOSE_GRACE = Duration.ofSeconds(5);

    /** @throws FlynnException {@code VALIDATION} naming the variable that is missing or wrong */
    static RouterSettings of(Map<String, String> env) {
        String listenIp = text(env, "LISTEN_IP").orElse("127.0.0.1");
        Optional<RouteTable.Certificate> certificate = certificate(env);
        Optional<Integer> httpsPort = port(env, "DEFAULT_HTTPS_PORT").or(() -> port(env, "HTTPS_PORT"));
        return new RouterSettings(
                listenIp,
                port(env, "PORT").orElse(0),
                text(env, "ROUTER_LISTEN_IP").orElse(listenIp),
                httpPort(env),
                httpsPort.or(() -> certificate.map(unused -> DEFAULT_HTTPS_PORT)),
                ports(env, "ADDITIONAL_HTTP_PORTS"),
                ports(env, "ADDITIONAL_HTTPS_PORTS"),
                port(env, "PUBLIC_HTTPS_PORT"),
                certificate,
                cookieKey(env),
                isTrue(env, "PROXY_PROTOCOL"),
                text(env, "TLS_ENGINE").orElse("auto"),
                isTrue(env, "LEGACY_TLS"),
                text(env, RouterKinds.VARIABLE).orElse(RouterKinds.DEFAULT),
                text(env, "CLOSE_GRACE").map(RouterSettings::duration).orElse(DEFAULT_CLOSE_GRACE),
                text(env, "ACCESS_LOG").flatMap(RouterSettings::accessLog),
                text(env, "ERROR_503_PAGE_URL").map(RouterSettings::pageUrl));
    }

    @Override
    public String toString() {
        return "RouterSettings[%s http %s https %s]".formatted(routerListenIp, allHttpPorts(), allHttpsPorts());
    }

    /** The first one and the others. */
    List<Integer> allHttpPorts() {
        return Stream.concat(httpPort.stream(), moreHttpPorts.stream()).toList();
    }

    /** The first one and the others. */
    List<Integer> allHttpsPorts() {
        return Stream.concat(httpsPort.stream(), moreHttpsPorts.stream()).toList();
    }

    private static Optional<Integer> httpPort(Map<String, String> env) {
        Optional<Integer> told = port(env, "DEFAULT_HTTP_PORT");
        return told.isPresent()
                ? told.filter(port -> port > 0)
                : port(env, "HTTP_PORT").or(() -> Optional.of(DEFAULT_HTTP_PORT));
    }

    private static Optional<Integer> port(Map<String, String> env, String name) {
        return text(env, name).map(value -> port(name, value));
    }

    private static List<Integer> ports(Map<String, String> env, String name) {
        return text(env, name).stream()
                .flatMap(list -> Arrays.stream(list.split(",")))
                .map(value -> port(name, value.strip()))
                .toList();
    }

    private static Optional<String> text(Map<String, String> env, String name) {
        return Optional.ofNullable(env.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    private static int port(String name, String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // said below
        }
        throw FlynnException.invalidField(name, "must be a port from 0 to 65535, was '" + value + "'");
    }

    private static boolean isTrue(Map<String, String> env, String name) {
        String value = text(env, name).orElse("false");
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw FlynnException.invalidField(name, "must be true or false, was '" + value + "'");
        };
    }

    /** @throws FlynnException {@code VALIDATION} naming what the router of that name does not know */
    void requireNothingOfTheDefaultRouter() {
        requireAbsent("ACCESS_LOG", accessLog);
        requireAbsent("ERROR_503_PAGE_URL", unavailablePage);
        requireAbsent("TLS_ENGINE", Optional.of(tlsEngine).filter(engine -> !engine.equals("auto")));
        requireAbsent("LEGACY_TLS", Optional.of(legacyTls).filter(legacy -> legacy));
    }

    private void requireAbsent(String name, Optional<?> setting) {
        if (setting.isPresent()) {
            throw FlynnException.invalidField(
                    name,
                    "is offered by the router '%s' only, and ROUTER is '%s'; unset one of them"
                            .formatted(RouterKinds.DEFAULT, router));
        }
    }

    private static Optional<AccessLogFormat> accessLog(String value) {
        return switch (value) {
            case "json" -> Optional.of(AccessLogFormat.JSON);
            case "combined" -> Optional.of(AccessLogFormat.COMBINED);
            case "off" -> Optional.empty();
            default ->
                throw FlynnException.invalidField("ACCESS_LOG", "must be json, combined or off, was '" + value + "'");
        };
    }

    private static URI pageUrl(String value) {
        try {
            URI url = new URI(value);
            if (url.getHost() != null && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
                return url;
            }
        } catch (URISyntaxException notAUrl) {
            // said below
        }
        throw FlynnException.invalidField("ERROR_503_PAGE_URL", "must be an http or https URL, was '" + value + "'");
    }

    private static Duration duration(String value) {
        try {
            return Duration.parse(value);
        } catch (java.time.format.DateTimeParseException e) {
            throw FlynnException.invalidField("CLOSE_GRACE", "must be a duration like PT5S, was '" + value + "'");
        }
    }

    private static Optional<RouteTable.Certificate> certificate(Map<String, String> env) {
        Optional<String> chain = text(env, "TLSCERT");
        Optional<String> key = text(env, "TLSKEY");
        if (chain.isPresent() && key.isEmpty()) {
            throw FlynnException.invalidField("TLSKEY", "must be set, because TLSCERT is");
        }
        if (chain.isEmpty() && key.isPresent()) {
            throw FlynnException.invalidField("TLSCERT", "must be set, because TLSKEY is");
        }
        return chain.map(pem -> new RouteTable.Certificate(pem, key.orElseThrow()));
    }

    private static byte[] cookieKey(Map<String, String> env) {
        String problem = "must be the base64 text of %d random bytes, such as `head -c %d /dev/urandom | base64` prints"
                .formatted(COOKIE_KEY_BYTES, COOKIE_KEY_BYTES);
        String value = text(env, "COOKIE_KEY")
                .orElseThrow(() -> FlynnException.invalidField("COOKIE_KEY", problem + "; it is not set"));
        try {
            byte[] key = Base64.getDecoder().decode(value);
            if (key.length == COOKIE_KEY_BYTES) {
                return key;
            }
            throw FlynnException.invalidField("COOKIE_KEY", problem + "; it has " + key.length + " bytes");
        } catch (IllegalArgumentException notBase64) {
            throw FlynnException.invalidField("COOKIE_KEY", problem + "; it is not base64");
        }
    }
}
