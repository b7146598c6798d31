package dev.flynn.bootstrap;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The steps of a bootstrap in order (contract: layer 0, Manifest format). A member {@code after} lists the steps that one
 * waits for, so that steps which do not need each other run at the same time; without it a step waits for all before it.
 */
record Manifest(List<Step> steps) {

    private static final String ONLINE_HOSTS = "online-hosts";
    private static final String DEFAULT = "manifest.json";

    Manifest {
        steps = List.copyOf(steps);
    }

    /** The manifest that the platform is shipped with. */
    static String defaultText() {
        try (InputStream file = Manifest.class.getResourceAsStream(DEFAULT)) {
            if (file == null) {
                throw new IllegalStateException(DEFAULT + " is not on the class path");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + DEFAULT, e);
        }
    }

    /**
     * @param actions the names that steps may use
     * @throws FlynnException {@code SYNTAX} with line and column, {@code VALIDATION} naming the step
     */
    static Manifest parse(String text, Set<String> actions) {
        JsonNode tree = readTree(text);
        if (!tree.isArray()) {
            throw FlynnException.invalid("bootstrap: a manifest is a JSON array of steps");
        }
        List<Step> steps = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (JsonNode node : tree) {
            Step step = step(node);
            if (!actions.contains(step.action())) {
                throw FlynnException.invalid("bootstrap: unknown action \"%s\"".formatted(step.action()));
            }
            if (ids.isEmpty() && !step.id().equals(ONLINE_HOSTS)) {
                steps.add(onlineHosts());
                ids.add(ONLINE_HOSTS);
            }
            for (String before : step.after().orElse(List.of())) {
                if (!ids.contains(before)) {
                    throw FlynnException.invalid("bootstrap: step \"%s\" is after \"%s\", which is no step before it"
                            .formatted(step.id(), before));
                }
            }
            if (!ids.add(step.id())) {
                throw FlynnException.invalid("bootstrap: two steps have the id \"%s\"".formatted(step.id()));
            }
            steps.add(step);
        }
        return new Manifest(steps);
    }

    private static Step onlineHosts() {
        return new Step(ONLINE_HOSTS, OnlineHosts.NAME, Optional.of(List.of()), JsonNodeFactory.instance.objectNode());
    }

    private static Step step(JsonNode node) {
        String id = node.path("id").asText("");
        String action = node.path("action").asText("");
        if (id.isEmpty() || action.isEmpty()) {
            throw FlynnException.invalid("bootstrap: each step has an id and an action, this one has not: " + node);
        }
        Optional<List<String>> after = Optional.empty();
        if (node.has("after")) {
            List<String> ids = new ArrayList<>();
            node.get("after").forEach(before -> ids.add(before.asText()));
            after = Optional.of(ids);
        }
        return new Step(id, action, after, node);
    }

    private static JsonNode readTree(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            String line = text.lines()
                    .skip(Math.max(0, at.getLineNr() - 1))
                    .findFirst()
                    .orElse("");
            throw new FlynnException(
                    ErrorCode.SYNTAX,
                    "bootstrap: the manifest is no JSON: %s at line %d, column %d: %s"
                            .formatted(e.getOriginalMessage(), at.getLineNr(), at.getColumnNr(), line.strip()),
                    e);
        }
    }
}
