package dev.flynn.discovery.etcd;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryFactory;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Creates the discovery named {@code etcd}. */
public final class EtcdDiscoveryFactory implements DiscoveryFactory {

    private static final Set<String> KNOWN =
            Set.of("endpoints", "prefix", "ttl", "user", "password", "ca-file", "cert-file", "key-file");

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public Discovery create(Map<String, String> settings, ComponentContext context) {
        return EtcdDiscovery.open(config(settings, context.hostId()));
    }

    static EtcdConfig config(Map<String, String> settings, String hostId) {
        for (String key : settings.keySet()) {
            if (!KNOWN.contains(key)) {
                throw FlynnException.invalid("the discovery \"etcd\" has no setting \"%s\"; it has %s"
                        .formatted(key, String.join(", ", new TreeSet<>(KNOWN))));
            }
        }
        return new EtcdConfig(
                endpoints(settings.getOrDefault("endpoints", "http://127.0.0.1:2379")),
                hostId,
                settings.getOrDefault("prefix", EtcdConfig.DEFAULT_PREFIX),
                duration(settings.getOrDefault("ttl", Discovery.DEFAULT_TTL.toString())),
                settings.getOrDefault("user", ""),
                settings.getOrDefault("password", ""),
                file(settings, "ca-file"),
                file(settings, "cert-file"),
                file(settings, "key-file"));
    }

    private static List<URI> endpoints(String text) {
        List<URI> endpoints = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            try {
                endpoints.add(new URI(each.strip()));
            } catch (URISyntaxException e) {
                throw FlynnException.invalidField("endpoints", "must be URLs, one is \"%s\"".formatted(each));
            }
        }
        return endpoints;
    }

    private static Duration duration(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw FlynnException.invalidField("ttl", "must be a duration such as PT10S, was \"%s\"".formatted(text));
        }
    }

    private static Optional<Path> file(Map<String, String> settings, String key) {
        return Optional.ofNullable(settings.get(key)).map(Path::of);
    }
}
