package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import land.oras.ContainerRef;
import land.oras.auth.AuthProvider;
import land.oras.auth.AuthScheme;
import land.oras.auth.HttpClient;
import land.oras.auth.Scopes;
import land.oras.exception.OrasException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from registries, by the second version of their protocol. The transport, tokens and redirects are those of the ORAS
 * client; which registry is spoken to without TLS is decided here and by nothing else on the machine.
 */
final class RegistryClient implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String MANIFESTS = String.join(
            ", ",
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v2+json");

    private final Set<String> insecure;
    private final ImageSettings settings;
    private final HttpClient http;
    private final StallGuard guard;

    /** @param patience with a registry that says nothing */
    RegistryClient(ImageSettings settings, Duration patience) {
        this.http = HttpClient.Builder.builder()
                .withTimeout((int) Math.max(1, patience.toSeconds()))
                .build();
        this.guard = new StallGuard(patience);
        this.settings = settings;
        this.insecure = settings.insecureRegistries();
    }

    /** Bytes of a blob, from an offset on: the one that was asked for, or zero. */
    record Body(InputStream in, long offset) implements AutoCloseable {

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** Where an image is asked for: its registry, or a mirror of it. */
    private record Endpoint(String host, String repository) {

        String url() {
            return host.equals("docker.io") ? "registry-1.docker.io" : host;
        }
    }

    byte[] manifest(ImageReference.Registry image, String tagOrDigest) throws IOException {
        try (Body body = get(image, "manifests/" + tagOrDigest, MANIFESTS, 0)) {
            byte[] content = body.in().readNBytes(ImageMetadata.MAX_BYTES + 1);
            if (content.length > ImageMetadata.MAX_BYTES) {
                throw new IOException("the manifest of %s is too large to be one".formatted(image));
            }
            return content;
        }
    }

    /** @param from what is not wanted any more; a registry may send it all the same */
    Body blob(ImageReference.Registry image, Digest digest, long from) throws IOException {
        return get(image, "blobs/" + digest, "application/octet-stream", from);
    }

    /** A mirror that does not have it, or does not answer, is passed over. */
    private Body get(ImageReference.Registry image, String what, String accept, long from) throws IOException {
        for (String mirror : settings.mirrors().getOrDefault(image.host(), List.of())) {
            try {
                return get(image, mirrored(mirror, image), what, accept, from);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                log.atInfo()
                        .addKeyValue("mirror", mirror)
                        .addKeyValue("reason", e.getMessage())
                        .log("a mirror is passed over");
            }
        }
        return get(image, new Endpoint(image.host(), image.repository()), what, accept, from);
    }

    private static Endpoint mirrored(String mirror, ImageReference.Registry image) {
        int slash = mirror.indexOf('/');
        return slash < 0
                ? new Endpoint(mirror, image.repository())
                : new Endpoint(mirror.substring(0, slash), mirror.substring(slash + 1) + "/" + image.repository());
    }

    private Body get(ImageReference.Registry image, Endpoint endpoint, String what, String accept, long from)
            throws IOException {
        URI url = URI.create(base(image, endpoint) + endpoint.repository() + "/" + what);
        Map<String, String> headers = new HashMap<>(Map.of("Accept", accept));
        if (from > 0) {
            headers.put("Range", "bytes=" + from + "-");
        }
        HttpClient.ResponseWrapper<InputStream> response = send(image, endpoint, url, headers);
        int status = response.statusCode();
        if (status == 200 || status == 206) {
            InputStream in =
                    guard.guard(response.response(), e -> unavailable(endpoint, String.valueOf(e.getMessage()), e));
            return new Body(in, status == 206 ? from : 0);
        }
        response.response().close();
        throw switch (status) {
            case 401, 403 -> denied(endpoint, null);
            case 404 -> missing(image, endpoint, what);
            case 429 -> busy(endpoint, retryAfter(response.headers()));
            default -> unavailable(endpoint, "status " + status, null);
        };
    }

    private String base(ImageReference.Registry image, Endpoint endpoint) throws IOException {
        if (insecure.contains(endpoint.host())) {
            return "http://" + endpoint.url() + "/v2/";
        }
        if (image.plain() && endpoint.host().equals(image.host())) {
            throw new IOException(
                    "%s asks for a registry without TLS; that is allowed only for those in the setting of insecure registries"
                            .formatted(image));
        }
        return "https://" + endpoint.url() + "/v2/";
    }

    private HttpClient.ResponseWrapper<InputStream> send(
            ImageReference.Registry image, Endpoint endpoint, URI url, Map<String, String> headers) throws IOException {
        AuthProvider login = new Login(credentials(image, endpoint));
        ContainerRef ref = ContainerRef.parse(endpoint.host() + "/" + endpoint.repository());
        try {
            return guard.within(() -> http.download(url, headers, Scopes.of(ref), login));
        } catch (OrasException e) {
            throw explained(image, endpoint, e);
        } catch (IOException e) {
            throw unavailable(endpoint, String.valueOf(e.getMessage()), e);
        } catch (StackOverflowError e) {
            throw unavailable(endpoint, "it redirects without end", e);
        }
    }

    /** Those of a URI are for its registry alone. */
    private Optional<String> credentials(ImageReference.Registry image, Endpoint endpoint) throws IOException {
        if (image.userInfo().isPresent() && endpoint.host().equals(image.host())) {
            return image.userInfo();
        }
        return settings.credentials().isEmpty()
                ? Optional.empty()
                : Credentials.find(settings.credentials().get(), endpoint.host());
    }

    /** In seconds, or a date, which is taken for a long time. */
    private static Duration retryAfter(Map<String, String> headers) {
        String value = headers.entrySet().stream()
                .filter(header -> header.getKey().equalsIgnoreCase("Retry-After"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("0");
        return value.matches("\\d{1,6}") ? Duration.ofSeconds(Long.parseLong(value)) : Duration.ofHours(1);
    }

    private static IOException explained(ImageReference.Registry image, Endpoint endpoint, OrasException e) {
        int status = e.getStatusCode() == null ? 0 : e.getStatusCode();
        if (status == 401 || status == 403) {
            return denied(endpoint, e);
        }
        if (status == 429) {
            return busy(endpoint, Duration.ZERO);
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                return new InterruptedIOException("interrupted while %s was fetched".formatted(image));
            }
        }
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return unavailable(endpoint, message, e);
    }

    private static IOException denied(Endpoint endpoint, @Nullable Throwable cause) {
        return new IOException(
                "the registry %s does not let us read %s; it may not exist, or need other credentials in the file that is set for registries"
                        .formatted(endpoint.host(), endpoint.repository()),
                cause);
    }

    private static IOException busy(Endpoint endpoint, Duration notBefore) {
        return new RegistryUnavailableException(
                "the registry %s answers no more of our requests for now (status 429); credentials for it may have a higher limit, and a mirror none"
                        .formatted(endpoint.host()),
                notBefore,
                null);
    }

    private static IOException unavailable(Endpoint endpoint, String why, @Nullable Throwable cause) {
        return new RegistryUnavailableException(
                "the registry %s does not answer for %s: %s".formatted(endpoint.host(), endpoint.repository(), why),
                cause);
    }

    private IOException missing(ImageReference.Registry image, Endpoint endpoint, String what) throws IOException {
        HttpClient.ResponseWrapper<InputStream> root =
                send(image, endpoint, URI.create(base(image, endpoint)), Map.of("Accept", "application/json"));
        root.response().close();
        if (root.statusCode() == 404) {
            return new IOException("%s does not speak the registry protocol of version 2; version 1 is not spoken here"
                    .formatted(endpoint.host()));
        }
        return new IOException("%s does not exist: the registry %s has no %s of %s"
                .formatted(image, endpoint.host(), what, endpoint.repository()));
    }

    @Override
    public void close() {
        guard.close();
    }

    /** Tells the registry, or who gives its tokens, who we are. */
    private record Login(Optional<String> credentials) implements AuthProvider {

        @Override
        public @Nullable String getAuthHeader(ContainerRef registry) {
            return credentials
                    .map(pair -> "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)))
                    .orElse(null);
        }

        @Override
        public AuthScheme getAuthScheme() {
            return credentials.isPresent() ? AuthScheme.BASIC : AuthScheme.NONE;
        }

        @Override
        public String toString() {
            return "Login";
        }
    }
}
