package dev.flynn.state.route;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.base.CertifiedKey;
import dev.flynn.state.acme.AcmeState;
import java.io.ByteArrayInputStream;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Set;
import java.util.regex.Pattern;

/** What a route may say, whatever other routes there are (contract: layer 1, Route object and Store rules). */
final class RouteRules {

    static final String ROOT = "/";

    private static final Pattern PATH = Pattern.compile("/(.*/)?");
    private static final Pattern DOMAIN = Pattern.compile("[^\\s/:]{1,253}");
    private static final int MAX_TEXT = 255;
    private static final int MAX_PORT = 65_534;
    private static final Set<Integer> HTTP_PORTS = Set.of(80, 443);

    /** Of DNS, discoverd, the link between hosts and the hosts' API: a host that starts anew would find them taken. */
    private static final Set<Integer> PLATFORM_PORTS = Set.of(53, 1053, 1111, 1112, 1113);

    private RouteRules() {}

    /** An HTTP route as it is asked for. */
    static Route.Builder http(NewRoute request) {
        if (!DOMAIN.matcher(request.domain()).matches()) {
            throw FlynnException.invalidField(
                    "domain",
                    "must be a host name such as www.example.com or *.example.com, was \"" + request.domain() + "\"");
        }
        requireAscii(request.domain());
        return Route.http(request.domain(), request.service()).path(normalised(request.path()));
    }

    /** Clients ask for the encoded form (RFC 5891), so that no request would ever match the other one. */
    private static void requireAscii(String domain) {
        if (domain.chars().allMatch(c -> c < 0x80)) {
            return;
        }
        String encoded;
        try {
            encoded = IDN.toASCII(domain);
        } catch (IllegalArgumentException e) {
            encoded = "xn--…";
        }
        throw FlynnException.invalidField(
                "domain", "must be encoded as clients send it: %s for %s".formatted(encoded, domain));
    }

    /** The port that is asked for; 0 for any. */
    static int port(NewRoute request) {
        int wanted = request.port();
        if (wanted < 0 || wanted > MAX_PORT) {
            throw FlynnException.invalidField("port", "must be 1 to " + MAX_PORT + ", or 0 for any, was " + wanted);
        }
        if (HTTP_PORTS.contains(wanted)) {
            throw FlynnException.conflict("Port reserved for HTTP/HTTPS traffic");
        }
        if (PLATFORM_PORTS.contains(wanted)) {
            throw FlynnException.conflict(
                    "Port %d is used by the platform's hosts; take another, or none to get one".formatted(wanted));
        }
        return wanted;
    }

    /** What a request may say of a route, new or not. */
    static Route.Builder fill(Route.Builder builder, NewRoute request, boolean http) {
        builder.service(request.service()).leader(request.leader()).drainBackends(request.drainBackends());
        if (http) {
            builder.tls(request.cert(), request.privateKey())
                    .sticky(request.sticky())
                    .disableKeepAlives(request.disableKeepAlives())
                    .backendProtocol(request.backendProtocol())
                    .weights(request.weights())
                    .policy(request.policy().filter(policy -> !policy.equals(RoutePolicy.NONE)))
                    .autoTls(request.autoTls());
        }
        return builder;
    }

    static void requireValid(Route route, NewRoute request) {
        requireText("service", route.service());
        if (route.parentRef().length() > MAX_TEXT) {
            throw FlynnException.invalidField("parent_ref", "must have at most %d characters".formatted(MAX_TEXT));
        }
        if (route.type().equals(Route.HTTP)) {
            boolean pathIsFine = PATH.matcher(route.path().orElse("")).matches();
            if (!pathIsFine || request.port() > 0) {
                throw new Refused(FlynnException.invalid("Invalid route"), route.withoutSecrets());
            }
        }
        route.weights().forEach((service, weight) -> {
            requireText("weights", service);
            if (weight < 0) {
                throw FlynnException.invalidField("weights", "must not be below 0, was " + weight + " for " + service);
            }
        });
        if (route.tlsCert().isPresent() != route.tlsKey().isPresent()) {
            throw FlynnException.invalidField("tls_cert", "and tls_key belong together; give both or none");
        }
        route.tlsCert().ifPresent(RouteRules::requireCertificate);
        route.tlsCert().ifPresent(cert -> requireItsKey(cert, route.tlsKey().orElse("")));
        if (request.autoTls()) {
            requireAutomatic(route);
        }
    }

    private static void requireAutomatic(Route route) {
        if (!route.type().equals(Route.HTTP) || isBelowRoot(route)) {
            throw FlynnException.invalidField(
                    "auto_tls",
                    "is for the route of a whole domain; its other paths are served with the same certificate");
        }
        if (route.tlsCert().isPresent()) {
            throw FlynnException.invalidField("auto_tls", "and tls_cert exclude each other; give one of them");
        }
        AcmeState.requirePossible(route.domain().orElse(""));
    }

    static boolean isBelowRoot(Route route) {
        return !route.path().orElse(ROOT).equals(ROOT);
    }

    static String normalised(String path) {
        if (path.isEmpty()) {
            return ROOT;
        }
        return path.endsWith("/") ? path : path + "/";
    }

    private static void requireText(String field, String service) {
        if (service.isBlank() || service.length() > MAX_TEXT) {
            throw FlynnException.invalidField(
                    field, "must name a service in 1 to %d characters, was \"%s\"".formatted(MAX_TEXT, service));
        }
    }

    private static void requireCertificate(String pem) {
        try {
            var certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            if (certificates.isEmpty()) {
                throw FlynnException.invalidField("tls_cert", "holds no certificate; give PEM text");
            }
        } catch (CertificateException e) {
            throw FlynnException.invalidField("tls_cert", "is not a certificate in PEM: " + e.getMessage());
        }
    }

    private static void requireItsKey(String cert, String key) {
        try {
            CertifiedKey.of(cert, key);
        } catch (FlynnException e) {
            throw FlynnException.invalidField(
                    "tls_key",
                    "does not go with tls_cert: %s; give the key that the certificate was made with, as PEM and without a passphrase"
                            .formatted(e.getMessage()));
        }
    }
}
