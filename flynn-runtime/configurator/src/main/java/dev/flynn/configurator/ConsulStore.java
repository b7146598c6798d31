package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A document in the key/value store of Consul (its HTTP API, version 1), at {@code config} below a prefix; the values that macros
 * name are below the prefix too. A commit is compare-and-set on the index of the last change; a change is told by a blocking
 * query.
 */
final class ConsulStore implements ConfigStore {

    private static final Logger log = LoggerFactory.getLogger(ConsulStore.class);

    private static final Duration WAIT = Duration.ofMinutes(10);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long BACK_OFF_MILLIS = 1000;

    private final URI server;
    private final String prefix;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final NamedThreads threads = new NamedThreads("configurator-consul");
    private volatile boolean closed;
    private volatile Optional<Thread> watching = Optional.empty();

    ConsulStore(URI server, String prefix) {
        this.server = server;
        this.prefix = prefix.replaceAll("^/+|/+$", "");
    }

    @Override
    public Stored pull() {
        HttpResponse<String> response = get(key("config"), "", PATIENCE);
        if (response.statusCode() == 404) {
            throw FlynnException.unavailable(
                    "Consul at %s has no key %s; put a document there, such as {}".formatted(server, key("config")),
                    null);
        }
        JsonNode entry = Json.parse(response.body()).path(0);
        return new Stored(
                Json.parse(text(entry.path("Value"))), entry.path("ModifyIndex").asText());
    }

    @Override
    public boolean commit(JsonNode document, String revision) {
        HttpRequest request = request(key("config"), "?cas=" + revision, PATIENCE)
                .PUT(HttpRequest.BodyPublishers.ofString(document.toString()))
                .build();
        return send(request).body().strip().equals("true");
    }

    @Override
    public Optional<String> value(String path) {
        HttpResponse<String> response = get(key(path), "", PATIENCE);
        return response.statusCode() == 404
                ? Optional.empty()
                : Optional.of(text(Json.parse(response.body()).path(0).path("Value")));
    }

    @Override
    public List<String> keys(String path) {
        String parent = key(path).replaceFirst("/*$", "/");
        HttpResponse<String> response = get(parent, "?keys&separator=/", PATIENCE);
        if (response.statusCode() == 404) {
            return List.of();
        }
        List<String> names = new java.util.ArrayList<>();
        Json.parse(response.body())
                .forEach(
                        key -> names.add(key.asText().substring(parent.length()).replaceFirst("/$", "")));
        return names.stream()
                .filter(name -> !name.isEmpty())
                .sorted()
                .distinct()
                .toList();
    }

    @Override
    public void watch(Runnable changed) {
        Thread thread = threads.newThread(() -> follow(changed));
        watching = Optional.of(thread);
        thread.start();
    }

    /** Who has lost the server asks again, and looks at once: something may have changed meanwhile. */
    private void follow(Runnable changed) {
        String index = "";
        while (!closed) {
            try {
                String query = index.isEmpty() ? "" : "?index=" + index + "&wait=" + WAIT.toMinutes() + "m";
                HttpResponse<String> response = get(key("config"), query, WAIT.plus(PATIENCE));
                String now = response.headers().firstValue("X-Consul-Index").orElse("");
                if (!now.equals(index)) {
                    index = now;
                    changed.run();
                }
                if (now.isEmpty()) {
                    TimeUnit.MILLISECONDS.sleep(BACK_OFF_MILLIS);
                }
            } catch (InterruptedException e) {
                return;
            } catch (FlynnException e) {
                if (closed) {
                    return;
                }
                index = "";
                log.atWarn().addKeyValue("reason", e.getMessage()).log("the store cannot be watched; trying again");
                pause();
            }
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(BACK_OFF_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        watching.ifPresent(Thread::interrupt);
    }

    private String key(String path) {
        String relative = path.replaceAll("^/+", "");
        return prefix.isEmpty() ? relative : prefix + "/" + relative;
    }

    /** A value that is null is an empty one. */
    private static String text(JsonNode base64) {
        return base64.isTextual()
                ? new String(Base64.getDecoder().decode(base64.textValue()), StandardCharsets.UTF_8)
                : "";
    }

    private HttpResponse<String> get(String key, String query, Duration patience) {
        return send(request(key, query, patience).build());
    }

    private HttpRequest.Builder request(String key, String query, Duration patience) {
        try {
            String path = new URI(null, null, "/v1/kv/" + key, null).getRawPath();
            return HttpRequest.newBuilder(server.resolve(path + query)).timeout(patience);
        } catch (java.net.URISyntaxException e) {
            throw Refusal.invalid("\"%s\" is no key (%s)".formatted(key, e.getMessage()));
        }
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() != 200 && response.statusCode() != 404) {
                throw FlynnException.unavailable(
                        "Consul at %s answers %d: %s".formatted(server, response.statusCode(), response.body()), null);
            }
            return response;
        } catch (IOException e) {
            throw FlynnException.unavailable("Consul at %s cannot be asked (%s)".formatted(server, e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("asking Consul was interrupted", e);
        }
    }
}
