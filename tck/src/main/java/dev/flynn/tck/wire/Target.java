package dev.flynn.tck.wire;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * The cluster that is looked at.
 *
 * @param url of its controller, without a path
 * @param key that the controller accepts
 * @param trust whose certificate is taken for the cluster's, where the URL is one of {@code https}
 * @param connectTo the address that is connected to instead of the URL's, {@code HOST:PORT}
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Target(URI url, String key, Trust trust, Optional<String> connectTo) {

    public Target {
        requireNonNull(key, "key");
        requireNonNull(trust, "trust");
        requireNonNull(connectTo, "connectTo");
        if (url.getHost() == null || !("https".equals(url.getScheme()) || "http".equals(url.getScheme()))) {
            throw new IllegalArgumentException(
                    "no URL of a controller, such as https://controller.example.com: " + url);
        }
    }

    boolean secure() {
        return "https".equals(url.getScheme());
    }

    int port() {
        return url.getPort() > 0 ? url.getPort() : secure() ? 443 : 80;
    }

    String hostHeader() {
        return url.getPort() > 0 ? url.getHost() + ":" + url.getPort() : url.getHost();
    }

    String address() {
        return connectTo.orElse(url.getHost() + ":" + port());
    }
}
