package dev.flynn.router.program;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches the page that clients see while an application does not answer (contract: layer 1, 2021 differences). */
final class UnavailablePage {

    static final int MAX_BYTES = 1_000_000;

    private static final Logger log = LoggerFactory.getLogger(UnavailablePage.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private UnavailablePage() {}

    /** The page; empty, with a warning in the log, if it cannot be had: the router serves without it. */
    static Optional<byte[]> fetch(URI url) {
        try {
            return Optional.of(read(url));
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("url", url)
                    .addKeyValue("reason", e.getMessage() == null ? e.toString() : e.getMessage())
                    .log("the page of ERROR_503_PAGE_URL cannot be fetched; the router's own takes its place");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }

    private static byte[] read(URI url) throws IOException, InterruptedException {
        HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(PATIENCE)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        HttpRequest request = HttpRequest.newBuilder(url).timeout(PATIENCE).build();
        HttpResponse<InputStream> answer = http.send(request, BodyHandlers.ofInputStream());
        try (InputStream body = answer.body()) {
            if (answer.statusCode() != 200) {
                throw new IOException("it answered " + answer.statusCode());
            }
            byte[] page = body.readNBytes(MAX_BYTES + 1);
            if (page.length > MAX_BYTES) {
                throw new IOException("it is longer than %d bytes".formatted(MAX_BYTES));
            }
            return page;
        }
    }
}
