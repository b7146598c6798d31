package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.resource.Provider;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.resource.ResourceProvider;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds who provisions: an object of this process for {@code builtin:<name>}, whoever answers there for an HTTP URL. */
final class ResourceProviders {

    private static final String BUILTIN = "builtin";

    private final Map<String, ResourceProvider> inProcess;
    private final ClusterHttp http;
    private final FlynnJson json;

    ResourceProviders(Map<String, ResourceProvider> inProcess, ClusterHttp http, FlynnJson json) {
        this.inProcess = new TreeMap<>(inProcess);
        this.http = http;
        this.json = json;
    }

    static String builtinUrl(String name) {
        return BUILTIN + ":" + name;
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if it belongs to another process than this one */
    ResourceProvider of(Provider provider) {
        URI url = URI.create(provider.url());
        if (!isBuiltin(url)) {
            return new HttpResourceProvider(provider.name(), url, http, json);
        }
        return Optional.ofNullable(inProcess.get(url.getSchemeSpecificPart()))
                .orElseThrow(() -> FlynnException.unavailable(
                        "provider \"%s\" is %s, which is not in this process".formatted(provider.name(), url), null));
    }

    /** @throws FlynnException {@code VALIDATION} of the field {@code url} */
    void requireUsable(String text) {
        URI url = uri(text);
        if (isBuiltin(url)) {
            Set<String> known = new TreeSet<>(inProcess.keySet());
            if (!known.contains(url.getSchemeSpecificPart())) {
                throw FlynnException.invalidField(
                        "url", "names a provider in the controller that it does not have; it has " + known);
            }
        } else if (!Set.of("http", "https").contains(String.valueOf(url.getScheme())) || url.getHost() == null) {
            throw FlynnException.invalidField("url", "must be an absolute http URL, was \"" + text + "\"");
        }
    }

    private static boolean isBuiltin(URI url) {
        return BUILTIN.equals(url.getScheme());
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw FlynnException.invalidField("url", "is not a URL: " + e.getMessage());
        }
    }
}
