package dev.flynn.distro.backends;

import dev.flynn.api.discovery.Instance;
import dev.flynn.images.ArchiveOpener;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Opens archives of images by URL, also those of the platform's own services, such as {@code
 * http://blobstore.discoverd/stack.tar}: services are found by discovery. The blobstore is told the cluster's key, and nobody else, since services are of apps too.
 */
public final class ServiceArchives implements ArchiveOpener {

    private static final String DISCOVERD = ".discoverd";
    private static final String BLOBSTORE = "blobstore";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final Discovery discovery;
    private final Supplier<String> key;
    private final Duration patience;

    /** @param key of the cluster, known once it is set up */
    public ServiceArchives(Discovery discovery, Supplier<String> key) {
        this(discovery, key, PATIENCE);
    }

    /** @param patience with a service that has no instance, or is busy: the cluster may be coming up */
    ServiceArchives(Discovery discovery, Supplier<String> key, Duration patience) {
        this.discovery = discovery;
        this.key = key;
        this.patience = patience;
    }

    @Override
    public InputStream open(URI url) throws IOException {
        String host = url.getHost();
        return host.endsWith(DISCOVERD)
                ? openOfService(url, host.substring(0, host.length() - DISCOVERD.length()))
                : ArchiveOpener.HTTP.open(url);
    }

    private InputStream openOfService(URI url, String service) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            String why;
            List<Instance> instances = discovery.instances(service);
            if (instances.isEmpty()) {
                why = "the service %s has no instance now".formatted(service);
            } else {
                Instance any = instances.get(ThreadLocalRandom.current().nextInt(instances.size()));
                try {
                    HttpURLConnection connection = ask(url, any.addr(), service.equals(BLOBSTORE));
                    int status = connection.getResponseCode();
                    if (status == 200) {
                        return ArchiveOpener.bodyOf(connection);
                    }
                    if (status != 503) {
                        throw new RefusedException(cannot(url, "status " + status));
                    }
                    why = "status 503";
                } catch (RefusedException e) {
                    throw e;
                } catch (IOException e) {
                    // its host may have died, and discovery not know yet: another one may have it
                    why = String.valueOf(e.getMessage());
                }
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(cannot(url, why));
            }
            pause(url);
        }
    }

    private HttpURLConnection ask(URI url, String address, boolean trusted) throws IOException {
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        var connection = (HttpURLConnection) URI.create("http://" + address + url.getRawPath() + query)
                .toURL()
                .openConnection();
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        connection.setInstanceFollowRedirects(false); // the key is for the service alone
        if (trusted) {
            byte[] credentials = (":" + key.get()).getBytes(StandardCharsets.UTF_8);
            connection.setRequestProperty(
                    "Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
        }
        return connection;
    }

    private static String cannot(URI url, String why) {
        return "cannot fetch the image %s: %s".formatted(url, why);
    }

    private static void pause(URI url) throws InterruptedIOException {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(cannot(url, "interrupted"));
        }
    }

    /** Asking again would not help. */
    private static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }
}
