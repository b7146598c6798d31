package dev.flynn.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The router named {@code netty}.
 *
 * <p>Settings: {@code listen-ip}, {@code http-port}, {@code https-port}, {@code public-https-port},
 * {@code additional-http-ports} and {@code additional-https-ports} (with commas between them), {@code tls-cert} and
 * {@code tls-key} (PEM texts), {@code cookie-key} (base64 of 32 bytes), {@code close-grace} (ISO-8601),
 * {@code tls-engine} ({@code auto}, {@code jdk} or {@code openssl}), {@code legacy-tls}, {@code proxy-protocol} and
 * {@code share-ports} ({@code true} or {@code false}). All are optional, see {@link NettyRouter.Builder}.
 */
public final class NettyRouterFactory implements RouterFactory {

    @Override
    public String name() {
        return "netty";
    }

    @Override
    public Router create(Map<String, String> settings, ComponentContext context) {
        return create(settings, context, RouteTable.EMPTY);
    }

    @Override
    public Router create(Map<String, String> settings, ComponentContext context, RouteTable table) {
        Map<String, String> unread = new TreeMap<>(settings);
        NettyRouter.Builder builder =
                NettyRouter.builder().table(table.supportedBy(NettyRouter.CAPABILITIES, leftOut -> {}));
        String listenIp = unread.remove("listen-ip");
        if (listenIp != null) {
            builder.listenIp(listenIp);
        }
        String httpPort = unread.remove("http-port");
        if (httpPort != null) {
            builder.httpPort(port("http-port", httpPort));
        }
        String httpsPort = unread.remove("https-port");
        if (httpsPort != null) {
            builder.httpsPort(port("https-port", httpsPort));
        }
        String publicHttpsPort = unread.remove("public-https-port");
        if (publicHttpsPort != null) {
            builder.publicHttpsPort(port("public-https-port", publicHttpsPort));
        }
        ports(unread, "additional-http-ports").forEach(builder::additionalHttpPort);
        ports(unread, "additional-https-ports").forEach(builder::additionalHttpsPort);
        String proxyProtocol = unread.remove("proxy-protocol");
        if (proxyProtocol != null) {
            builder.proxyProtocol(bool("proxy-protocol", proxyProtocol));
        }
        String tlsEngine = unread.remove("tls-engine");
        if (tlsEngine != null) {
            builder.tlsEngine(tlsEngine);
        }
        String legacyTls = unread.remove("legacy-tls");
        if (legacyTls != null) {
            builder.legacyTls(bool("legacy-tls", legacyTls));
        }
        String sharePorts = unread.remove("share-ports");
        if (sharePorts != null && bool("share-ports", sharePorts)) {
            builder.sharePorts();
        }
        String closeGrace = unread.remove("close-grace");
        if (closeGrace != null) {
            builder.closeGrace(duration("close-grace", closeGrace));
        }
        String chain = unread.remove("tls-cert");
        String key = unread.remove("tls-key");
        if (chain != null && key != null) {
            builder.defaultCertificate(new RouteTable.Certificate(chain, key));
        } else if (chain != null || key != null) {
            throw FlynnException.invalid("router: tls-cert and tls-key must be set together");
        }
        String cookieKey = unread.remove("cookie-key");
        if (cookieKey != null) {
            builder.cookieKey(decode(cookieKey));
        }
        if (!unread.isEmpty()) {
            throw FlynnException.invalid("router: unknown settings " + unread.keySet());
        }
        return builder.build();
    }

    private static List<Integer> ports(Map<String, String> unread, String name) {
        String value = unread.remove(name);
        return value == null
                ? List.of()
                : Arrays.stream(value.split(","))
                        .map(port -> port(name, port.strip()))
                        .toList();
    }

    private static int port(String name, String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw FlynnException.invalid("router: %s must be a port, was '%s'".formatted(name, value));
        }
    }

    private static boolean bool(String name, String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw FlynnException.invalid("router: %s must be true or false, was '%s'".formatted(name, value));
        }
        return value.equals("true");
    }

    private static Duration duration(String name, String value) {
        try {
            return Duration.parse(value);
        } catch (DateTimeParseException e) {
            throw FlynnException.invalid("router: %s must be a duration like PT5S, was '%s'".formatted(name, value));
        }
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw FlynnException.invalid("router: cookie-key must be base64");
        }
    }
}
