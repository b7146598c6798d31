package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.ListedInstance.Many;
import dev.flynn.distro.cluster.ListedInstance.One;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;

/**
 * The URL of a list of hosts at a discovery service, and what a host does with it. It carries no secret.
 *
 * @param url without a slash at its end
 */
public record DiscoveryToken(String url) {

    /** Environment variable that names the service at which new tokens are made. */
    public static final String SERVER_VARIABLE = "DISCOVERY_SERVER";

    private static final FlynnJson JSON = new FlynnJson();
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int MAX_ANSWER_BYTES = 2 << 20;

    /** @throws FlynnException {@code VALIDATION} if that is no such URL */
    public DiscoveryToken {
        while (url.endsWith("/")) {
            url = url.substring(0, url.length() - 1);
        }
        uri(url);
    }

    /**
     * Makes a token.
     *
     * @param server such as {@code https://discovery.example}
     */
    public static DiscoveryToken create(String server, String version) {
        String clusters = new DiscoveryToken(server).url() + "/clusters";
        Answer answer = request("POST", clusters, Optional.of(""), version);
        if (answer.status() != 201 || answer.location().isEmpty()) {
            throw unexpected(clusters, answer);
        }
        return new DiscoveryToken(uri(clusters).resolve(answer.location()).toString());
    }

    /** Enters this host in the list; that it is there already is fine. */
    public void register(String hostUrl, String hostId, String version) {
        String body = JSON.write(new One(ListedInstance.of(hostUrl, hostId, version)));
        Answer answer = request("POST", url + "/instances", Optional.of(body), version);
        if (answer.status() != 201 && answer.status() != 409) {
            throw unexpected(url, answer);
        }
    }

    /** The URLs of the hosts in the list, in the order in which they came. */
    public List<String> hostUrls() {
        Answer answer = request("GET", url + "/instances", Optional.empty(), "");
        if (answer.status() != 200) {
            throw unexpected(url, answer);
        }
        return JSON.read(answer.body(), Many.class).data().stream()
                .map(ListedInstance::url)
                .toList();
    }

    private record Answer(int status, String location, String body) {}

    private static FlynnException unexpected(String where, Answer answer) {
        return FlynnException.unavailable(
                "discovery service at %s: unexpected status %d".formatted(where, answer.status()), null);
    }

    private static URI uri(String text) {
        try {
            URI uri = new URI(text);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // refused below
        }
        throw FlynnException.invalid(
                "\"%s\" is no discovery token: one is a URL such as https://discovery.example/clusters/<id>"
                        .formatted(text));
    }

    private static Answer request(String method, String where, Optional<String> body, String version) {
        try {
            var connection = (HttpURLConnection) uri(where).toURL().openConnection();
            connection.setRequestMethod(method);
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            connection.setRequestProperty(
                    "User-Agent",
                    "flynn-host/%s %s-%s"
                            .formatted(version, System.getProperty("os.name", ""), System.getProperty("os.arch", "")));
            if (body.isPresent()) {
                byte[] bytes = body.get().getBytes(UTF_8);
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(bytes.length);
                connection.setRequestProperty("Content-Type", "application/json");
                connection.getOutputStream().write(bytes);
            }
            int status = connection.getResponseCode();
            String location =
                    Optional.ofNullable(connection.getHeaderField("Location")).orElse("");
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                byte[] answer = in == null ? new byte[0] : in.readNBytes(MAX_ANSWER_BYTES);
                return new Answer(status, location, new String(answer, UTF_8));
            }
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot reach the discovery service at %s: %s".formatted(where, e.getMessage()), e);
        }
    }
}
