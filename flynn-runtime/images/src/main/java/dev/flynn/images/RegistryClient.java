package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
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

/**
 * Reads from registries, by the second version of their protocol. The transport, tokens and redirects are those of the ORAS
 * client; which registry is spoken to without TLS is decided here and by nothing else on the machine.
 */
final class RegistryClient implements AutoCloseable {

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

    byte[] manifest(ImageReference.Registry image, String tagOrDigest) throws IOException {
        try (InputStream in = get(image, "manifests/" + tagOrDigest, MANIFESTS)) {
            byte[] content = in.readNBytes(ImageMetadata.MAX_BYTES + 1);
            if (content.length > ImageMetadata.MAX_BYTES) {
                throw new IOException("the manifest of %s is too large to be one".formatted(image));
            }
            return content;
        }
    }

    InputStream blob(ImageReference.Registry image, Digest digest) throws IOException {
        return get(image, "blobs/" + digest, "application/octet-stream");
    }

    private InputStream get(ImageReference.Registry image, String what, String accept) throws IOException {
        URI url = URI.create(base(image) + image.repository() + "/" + what);
        HttpClient.ResponseWrapper<InputStream> response = send(image, url, accept);
        if (response.statusCode() == 200) {
            return guard.guard(response.response(), e -> unavailable(image, String.valueOf(e.getMessage()), e));
        }
        response.response().close();
        throw switch (response.statusCode()) {
            case 401, 403 -> denied(image, null);
            case 404 -> missing(image, what);
            default -> unavailable(image, "status " + response.statusCode(), null);
        };
    }

    private String base(ImageReference.Registry image) throws IOException {
        String host = image.host().equals("docker.io") ? "registry-1.docker.io" : image.host();
        if (insecure.contains(host)) {
            return "http://" + host + "/v2/";
        }
        if (image.plain()) {
            throw new IOException(
                    "%s asks for a registry without TLS; that is allowed only for those in the setting of insecure registries"
                            .formatted(image));
        }
        return "https://" + host + "/v2/";
    }

    private HttpClient.ResponseWrapper<InputStream> send(ImageReference.Registry image, URI url, String accept)
            throws IOException {
        AuthProvider login = new Login(credentials(image));
        ContainerRef ref = ContainerRef.parse(image.host() + "/" + image.repository());
        try {
            return guard.within(() -> http.download(url, Map.of("Accept", accept), Scopes.of(ref), login));
        } catch (OrasException e) {
            throw explained(image, e);
        } catch (IOException e) {
            throw unavailable(image, String.valueOf(e.getMessage()), e);
        } catch (StackOverflowError e) {
            throw unavailable(image, "it redirects without end", e);
        }
    }

    private Optional<String> credentials(ImageReference.Registry image) throws IOException {
        if (image.userInfo().isPresent() || settings.credentials().isEmpty()) {
            return image.userInfo();
        }
        return Credentials.find(settings.credentials().get(), image.host());
    }

    private static IOException explained(ImageReference.Registry image, OrasException e) {
        if (e.getStatusCode() == 401 || e.getStatusCode() == 403) {
            return denied(image, e);
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                return new InterruptedIOException("interrupted while %s was fetched".formatted(image));
            }
        }
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return unavailable(image, message, e);
    }

    private static IOException denied(ImageReference.Registry image, @Nullable Throwable cause) {
        return new IOException(
                "the registry %s does not let us read %s; it may not exist, or need other credentials in the file that is set for registries"
                        .formatted(image.host(), image.repository()),
                cause);
    }

    private static IOException unavailable(ImageReference.Registry image, String why, @Nullable Throwable cause) {
        return new RegistryUnavailableException("the registry of %s does not answer: %s".formatted(image, why), cause);
    }

    private IOException missing(ImageReference.Registry image, String what) throws IOException {
        HttpClient.ResponseWrapper<InputStream> root = send(image, URI.create(base(image)), "application/json");
        root.response().close();
        if (root.statusCode() == 404) {
            return new IOException("%s does not speak the registry protocol of version 2; version 1 is not spoken here"
                    .formatted(image.host()));
        }
        return new IOException(
                "%s does not exist: the registry has no %s of %s".formatted(image, what, image.repository()));
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
