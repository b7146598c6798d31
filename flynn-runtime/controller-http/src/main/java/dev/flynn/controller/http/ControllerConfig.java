package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the controller's release env says (contract: controller, Configuration of the web process).
 *
 * @param listenIp the address to bind
 * @param port 0 lets the system choose
 * @param authKeys accepted keys, at least one; the first one is used for the controller's own requests
 * @param defaultRouteDomain the cluster's domain; without one apps get no default route
 * @param caCert PEM text, may be empty
 * @param httpPort where the router answers plain HTTP, for clients that print URLs
 * @param httpsPort where the router answers TLS
 */
public record ControllerConfig(
        String listenIp,
        int port,
        List<String> authKeys,
        Optional<String> defaultRouteDomain,
        String caCert,
        OptionalInt httpPort,
        OptionalInt httpsPort) {

    public static final int DEFAULT_PORT = 3000;

    public ControllerConfig {
        authKeys = List.copyOf(authKeys);
        if (authKeys.isEmpty()) {
            throw FlynnException.invalid("AUTH_KEY must name at least one key; without one nobody could use the API");
        }
    }

    /**
     * Reads {@code PORT}, {@code LISTEN_IP}, {@code AUTH_KEY}, {@code DEFAULT_ROUTE_DOMAIN}, {@code CA_CERT},
     * {@code HTTP_PORT} and {@code HTTPS_PORT}.
     *
     * @throws FlynnException {@code VALIDATION} naming the variable that is wrong
     */
    public static ControllerConfig fromEnv(Map<String, String> env) {
        return new ControllerConfig(
                env.getOrDefault("LISTEN_IP", "127.0.0.1"),
                number(env, "PORT").orElse(DEFAULT_PORT),
                Arrays.stream(env.getOrDefault("AUTH_KEY", "").split(","))
                        .map(String::trim)
                        .filter(key -> !key.isEmpty())
                        .toList(),
                Optional.ofNullable(env.get("DEFAULT_ROUTE_DOMAIN")).filter(domain -> !domain.isEmpty()),
                env.getOrDefault("CA_CERT", ""),
                number(env, "HTTP_PORT"),
                number(env, "HTTPS_PORT"));
    }

    private static OptionalInt number(Map<String, String> env, String variable) {
        String text = env.getOrDefault(variable, "");
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(Integer.parseInt(text));
        } catch (NumberFormatException e) {
            throw FlynnException.invalid("%s must be a port number, was \"%s\"".formatted(variable, text));
        }
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "ControllerConfig[%s:%d, domain %s]".formatted(listenIp, port, defaultRouteDomain.orElse("none"));
    }
}
