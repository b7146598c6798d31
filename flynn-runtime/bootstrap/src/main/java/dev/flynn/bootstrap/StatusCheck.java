package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** {@code status-check}: waits until the status page says that all is well; after a minute what is not well is told. */
final class StatusCheck implements Action {

    static final String NAME = "status-check";

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long PAUSE_MILLIS = 250;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int MAX_BODY = 1 << 20;

    private final Cluster cluster;

    StatusCheck(Cluster cluster) {
        this.cluster = cluster;
    }

    /** What a status page answered. */
    private record Page(int status, String body) {}

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        step.requiredText("url");
        URI url = URI.create(cluster.evaluated(step, "url"));
        Duration patience = cluster.patience().compareTo(PATIENCE) < 0 ? cluster.patience() : PATIENCE;
        Deadline deadline = Deadline.in(patience);
        Optional<Page> last = Optional.empty();
        String problem = "no address";
        do {
            Optional<InetSocketAddress> address = cluster.services().await(url, deadline);
            if (address.isPresent()) {
                try {
                    Page page = get(address.get(), url);
                    if (page.status() == 200) {
                        return result("all services healthy");
                    }
                    last = Optional.of(page);
                } catch (IOException e) {
                    problem = String.valueOf(e.getMessage());
                }
            }
            TimeUnit.MILLISECONDS.sleep(Math.min(PAUSE_MILLIS, Math.max(1, deadline.millisLeft())));
        } while (!deadline.isOver());
        if (last.isEmpty()) {
            throw new GaveUp("bootstrap: %s does not answer: %s".formatted(url, problem));
        }
        return result(unhealthy(last.get()));
    }

    private static Page get(InetSocketAddress address, URI url) throws IOException {
        URI resolved =
                URI.create("http://%s:%d%s".formatted(address.getHostString(), address.getPort(), url.getRawPath()));
        var connection = (HttpURLConnection) resolved.toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        connection.setRequestProperty("Accept", "application/json");
        int status = connection.getResponseCode();
        InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
        if (body == null) {
            return new Page(status, "");
        }
        try (body) {
            return new Page(status, new String(body.readNBytes(MAX_BODY), StandardCharsets.UTF_8));
        }
    }

    private String unhealthy(Page page) {
        List<String> services = new ArrayList<>();
        try {
            JsonNode data = cluster.json().readTree(page.body()).path("data");
            data.path("detail").properties().forEach(service -> {
                if (!service.getValue().path("status").asText().equals("healthy")) {
                    services.add(service.getKey());
                }
            });
        } catch (FlynnException e) {
            // not a status page; its status is told
        }
        return services.isEmpty()
                ? "not healthy: status " + page.status()
                : "unhealthy services: " + String.join(", ", services);
    }

    private static ObjectNode result(String message) {
        return JsonNodeFactory.instance.objectNode().put("message", message);
    }

    @Override
    public String text(JsonNode result) {
        return result.path("message").asText();
    }

    @Override
    public boolean lasts() {
        return false;
    }
}
