package dev.flynn.state.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import java.util.Map;
import java.util.Optional;

/**
 * What a client sends to create or update a route.
 *
 * @param certificate the later form of {@code tls_cert} and {@code tls_key}
 * @param autoTls whether the cluster gets the certificate from an authority
 */
public record NewRoute(
        String type,
        String service,
        String domain,
        String path,
        int port,
        String tlsCert,
        String tlsKey,
        boolean sticky,
        boolean leader,
        boolean drainBackends,
        boolean disableKeepAlives,
        Optional<BackendProtocol> backendProtocol,
        Map<String, Integer> weights,
        Optional<RoutePolicy> policy,
        Optional<Certificate> certificate,
        boolean autoTls) {

    public static NewRoute http(String domain, String service) {
        return new NewRoute(
                Route.HTTP,
                service,
                domain,
                "",
                0,
                "",
                "",
                false,
                false,
                false,
                false,
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                false);
    }

    /** The same under another domain, with its own certificate or none. */
    public static NewRoute twin(Route route, String domain, Optional<Certificate> certificate) {
        return new NewRoute(
                Route.HTTP,
                route.service(),
                domain,
                route.path().orElse("/"),
                0,
                "",
                "",
                route.sticky(),
                route.leader(),
                route.drainBackends(),
                route.disableKeepAlives(),
                route.backendProtocol(),
                route.weights(),
                route.policy(),
                certificate,
                route.autoTls() && certificate.isEmpty());
    }

    Optional<String> cert() {
        return certificate.map(Certificate::cert).or(() -> Optional.of(tlsCert)).filter(pem -> !pem.isEmpty());
    }

    Optional<String> privateKey() {
        return certificate.map(Certificate::key).or(() -> Optional.of(tlsKey)).filter(pem -> !pem.isEmpty());
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "NewRoute[%s %s%s -> %s]".formatted(type, domain, path, service);
    }

    /** PEM texts. */
    public record Certificate(
            @JsonProperty("cert") String cert,
            @JsonProperty("key") String key) {

        @Override
        public String toString() {
            return "Certificate[***]";
        }
    }
}
