package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The router named {@code nginx}.
 *
 * <p>Settings are those of the router named {@code netty}: {@code listen-ip}, {@code http-port}, {@code https-port}, {@code
 * tls-cert} and {@code tls-key} (PEM texts), {@code cookie-key} (base64 of 32 bytes), {@code close-grace} (ISO-8601); and
 * {@code nginx}, the path of the binary, and {@code workers}, how many processes serve. All are optional. Each router finds a directory for itself
 * below the one of the context.
 */
public final class NginxRouterFactory implements RouterFactory {

    @Override
    public String name() {
        return "nginx";
    }

    @Override
    public Router create(Map<String, String> settings, ComponentContext context) {
        return create(settings, context, RouteTable.EMPTY);
    }

    @Override
    public Router create(Map<String, String> settings, ComponentContext context, RouteTable table) {
        Map<String, String> unread = new TreeMap<>(settings);
        NginxRouter.Builder builder = NginxRouter.below(context.dataDirectory()).table(table);
        take(unread, "listen-ip").ifPresent(builder::listenIp);
        take(unread, "http-port").ifPresent(value -> builder.httpPort(number("http-port", value)));
        take(unread, "https-port").ifPresent(value -> builder.httpsPort(number("https-port", value)));
        take(unread, "workers").ifPresent(value -> builder.workers(number("workers", value)));
        take(unread, "share-ports").filter(value -> bool("share-ports", value)).ifPresent(yes -> builder.sharePorts());
        take(unread, "proxy-protocol")
                .filter(value -> bool("proxy-protocol", value))
                .ifPresent(yes -> {
                    throw FlynnException.invalidField(
                            "proxy-protocol",
                            "must be false, because nginx would refuse connections without its header");
                });
        take(unread, "nginx").ifPresent(value -> builder.binary(Path.of(value)));
        take(unread, "cookie-key").ifPresent(value -> builder.cookieKey(decode(value)));
        take(unread, "close-grace").ifPresent(value -> builder.closeGrace(duration(value)));
        Optional<String> chain = take(unread, "tls-cert");
        Optional<String> key = take(unread, "tls-key");
        if (chain.isPresent() != key.isPresent()) {
            throw FlynnException.invalidField(
                    chain.isPresent() ? "tls-key" : "tls-cert", "must be set, because its other half is");
        }
        chain.ifPresent(pem -> builder.defaultCertificate(new RouteTable.Certificate(pem, key.orElseThrow())));
        if (!unread.isEmpty()) {
            throw FlynnException.invalid("router: unknown settings " + unread.keySet());
        }
        return builder.build();
    }

    private static Optional<String> take(Map<String, String> settings, String name) {
        return Optional.ofNullable(settings.remove(name));
    }

    private static int number(String name, String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField(name, "must be a number, was '" + value + "'");
        }
    }

    private static boolean bool(String name, String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw FlynnException.invalidField(name, "must be true or false, was '" + value + "'");
        }
        return value.equals("true");
    }

    private static Duration duration(String value) {
        try {
            return Duration.parse(value);
        } catch (DateTimeParseException e) {
            throw FlynnException.invalidField("close-grace", "must be a duration like PT5S, was '" + value + "'");
        }
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw FlynnException.invalidField("cookie-key", "must be base64 of 32 bytes");
        }
    }
}
