package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.List;

/** {@code require-env}: refuses to go on without some environment variables. */
final class RequireEnv implements Action {

    static final String NAME = "require-env";

    private final Cluster cluster;

    RequireEnv(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) {
        List<String> missing = new ArrayList<>();
        for (JsonNode variable : step.member("vars")) {
            if (cluster.env().getOrDefault(variable.asText(), "").isEmpty()) {
                missing.add(variable.asText());
            }
        }
        if (!missing.isEmpty()) {
            throw FlynnException.invalid("Missing required environment variable(s): " + String.join(", ", missing));
        }
        return JsonNodeFactory.instance.objectNode();
    }

    @Override
    public boolean lasts() {
        return false;
    }
}
