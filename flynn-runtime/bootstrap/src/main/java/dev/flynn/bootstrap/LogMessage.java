package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** {@code log}: tells the operator something. */
final class LogMessage implements Action {

    static final String NAME = "log";

    private final Cluster cluster;

    LogMessage(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) {
        return JsonNodeFactory.instance.objectNode().put("message", cluster.evaluated(step, "output"));
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
