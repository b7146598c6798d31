package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The addresses of services, as discovery's HTTP API tells them; where it is, the variable {@code DISCOVERD} says. */
final class Services {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Optional<URI> discoverd;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    Services(Optional<URI> discoverd) {
        this.discoverd = discoverd;
    }

    /** The leader's first, then the others in the order in which they came. */
    List<String> addresses(String service) {
        URI server = discoverd.orElseThrow(() -> Refusal.invalid(
                "\"$service\" needs discovery; set DISCOVERD to the URL of its API, as jobs of a cluster have it"));
        String path = "/services/"
                + URLEncoder.encode(service, StandardCharsets.UTF_8).replace("+", "%20");
        Optional<JsonNode> instances = get(server, path + "/instances");
        if (instances.isEmpty()) {
            return List.of();
        }
        List<String> addresses = new ArrayList<>();
        get(server, path + "/leader")
                .map(leader -> leader.path("addr").asText())
                .ifPresent(addresses::add);
        List<JsonNode> others = new ArrayList<>();
        instances.get().forEach(others::add);
        others.stream()
                .sorted(java.util.Comparator.comparingLong(
                        instance -> instance.path("index").asLong()))
                .map(instance -> instance.path("addr").asText())
                .filter(addr -> !addresses.contains(addr))
                .forEach(addresses::add);
        return addresses;
    }

    private Optional<JsonNode> get(URI server, String path) {
        try {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(server.resolve(path))
                            .timeout(PATIENCE)
                            .build(),
                    BodyHandlers.ofString());
            if (response.statusCode() == 404) {
                return Optional.empty();
            }
            if (response.statusCode() != 200) {
                throw FlynnException.unavailable(
                        "discovery at %s answers %d: %s".formatted(server, response.statusCode(), response.body()),
                        null);
            }
            return Optional.of(Json.parse(response.body()));
        } catch (IOException e) {
            throw FlynnException.unavailable("discovery at %s cannot be asked (%s)".formatted(server, e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("asking discovery was interrupted", e);
        }
    }
}
