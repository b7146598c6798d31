package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A job as its host tells it (contract: layer 0, ActiveJob), in the words of the command line. */
record JobView(JsonNode json) {

    private static final List<String> STATES = List.of("starting", "running", "done", "crashed", "failed");

    String id() {
        return json.path("job").path("id").asText();
    }

    String state() {
        int number = json.path("status").asInt(0);
        return number >= 0 && number < STATES.size() ? STATES.get(number) : String.valueOf(number);
    }

    boolean isActive() {
        return json.path("status").asInt(0) < 2;
    }

    Optional<Instant> startedAt() {
        return time("started_at");
    }

    Optional<Instant> endedAt() {
        return time("ended_at");
    }

    /** When it started, or if it has not, when it was created; for sorting. */
    Instant since() {
        return startedAt().or(() -> time("created_at")).orElse(Instant.EPOCH);
    }

    private Optional<Instant> time(String name) {
        String text = json.path(name).asText("");
        return text.isEmpty() || text.equals(Times.ZERO) ? Optional.empty() : Optional.of(Times.parse(text));
    }

    /** Empty for a job without one. */
    String exitStatus() {
        return json.path("exit_status").asText("");
    }

    String internalIp() {
        return json.path("internal_ip").asText("");
    }

    String metadata(String key) {
        return json.path("job").path("metadata").path(key).asText("");
    }

    Map<String, String> metadata() {
        return texts(json.path("job").path("metadata"));
    }

    Map<String, String> env() {
        return texts(json.path("job").path("config").path("env"));
    }

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new TreeMap<>();
        object.properties()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        return texts;
    }

    /** A list of the job's config, its entries joined by spaces. */
    String words(String name) {
        List<String> words = new ArrayList<>();
        json.path("job").path("config").path(name).forEach(word -> words.add(word.asText()));
        return String.join(" ", words);
    }
}
