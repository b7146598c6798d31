package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.json.FlynnJson;
import java.io.PrintStream;
import java.time.Clock;

/** Lines for programs: {@code {"id":…,"action":…,"state":"start","ts":…}}. */
final class JsonOutput implements BootstrapOutput {

    private final PrintStream out;
    private final FlynnJson json;
    private final Clock clock;

    JsonOutput(PrintStream out, FlynnJson json, Clock clock) {
        this.out = out;
        this.json = json;
        this.clock = clock;
    }

    @Override
    public void started(String action, String id) {
        print(line(action, id, "start"));
    }

    @Override
    public void done(String action, String id, JsonNode result, String text) {
        ObjectNode line = line(action, id, "done");
        if (!result.isEmpty()) {
            line.set("data", result);
        }
        print(line);
    }

    @Override
    public void failed(String action, String id, String message) {
        print(line(action, id, "error").put("error", message));
    }

    private ObjectNode line(String action, String id, String state) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("action", action)
                .put("state", state)
                .set("ts", json.toTree(clock.instant()));
    }

    private void print(ObjectNode line) {
        out.println(json.write(line));
    }
}
