package dev.flynn.router.program;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The routers that a job may ask for besides the one of this module: every {@link RouterFactory} that {@code ServiceLoader}
 * finds.
 */
public final class RouterKinds {

    /** Variable with the name of the router to use; {@value #DEFAULT} unless set. */
    public static final String VARIABLE = "ROUTER";

    /** The one of this module. */
    public static final String DEFAULT = "netty";

    private final ClassLoader loader;
    private final ComponentContext context;

    /**
     * @param loader where factories are looked for
     * @param context of all of them; each has a directory of its own below
     */
    public RouterKinds(ClassLoader loader, ComponentContext context) {
        this.loader = requireNonNull(loader, "loader");
        this.context = requireNonNull(context, "context");
    }

    /**
     * Starts a router that shares its ports with its successor, and serves a table from its first request on.
     *
     * @throws FlynnException {@code VALIDATION} if there is none of that name, or it refuses a setting
     */
    Router open(String name, RouterSettings settings, RouteTable first) {
        RouterFactory factory = named(VARIABLE, name, loader);
        ComponentContext own =
                new ComponentContext(context.hostId(), context.dataDirectory().resolve(name), context.clock());
        return factory.create(factorySettings(settings), own, first);
    }

    /**
     * Checks that there is a router of that name.
     *
     * @param field where the name was said
     * @throws FlynnException {@code VALIDATION} with the names that there are
     */
    public static void requireKnown(String field, String name, ClassLoader loader) {
        if (!name.equals(DEFAULT)) {
            named(field, name, loader);
        }
    }

    private static RouterFactory named(String field, String name, ClassLoader loader) {
        Map<String, RouterFactory> byName = new TreeMap<>();
        for (RouterFactory factory : ServiceLoader.load(RouterFactory.class, loader)) {
            byName.putIfAbsent(factory.name(), factory);
        }
        RouterFactory factory = byName.get(name);
        if (factory == null) {
            throw FlynnException.invalidField(field, "must be one of %s, was '%s'".formatted(byName.keySet(), name));
        }
        return factory;
    }

    /** Those that are not said are left to the router. */
    private static Map<String, String> factorySettings(RouterSettings settings) {
        Map<String, String> named = new HashMap<>();
        named.put("listen-ip", settings.routerListenIp());
        int httpPort = settings.httpPort()
                .orElseThrow(() -> FlynnException.invalidField(
                        "DEFAULT_HTTP_PORT", "must not be 0 with the router " + settings.router()));
        named.put("http-port", Integer.toString(httpPort));
        putIfAny(named, "additional-http-ports", settings.moreHttpPorts());
        putIfAny(named, "additional-https-ports", settings.moreHttpsPorts());
        settings.publicHttpsPort().ifPresent(port -> named.put("public-https-port", Integer.toString(port)));
        settings.httpsPort().ifPresent(port -> named.put("https-port", Integer.toString(port)));
        settings.certificate().ifPresent(certificate -> {
            named.put("tls-cert", certificate.chain());
            named.put("tls-key", certificate.key());
        });
        named.put("cookie-key", Base64.getEncoder().encodeToString(settings.cookieKey()));
        named.put("close-grace", settings.closeGrace().toString());
        named.put("share-ports", "true");
        if (settings.proxyProtocol()) {
            named.put("proxy-protocol", "true");
        }
        return named;
    }

    private static void putIfAny(Map<String, String> named, String name, List<Integer> ports) {
        if (!ports.isEmpty()) {
            named.put(name, ports.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }
}
