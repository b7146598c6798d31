package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.json.FlynnJson;
import java.util.Set;

/** Leaves out of an answer what a key that may only look is not told: environments, private keys, settings of others. */
final class Secrets {

    /** Wherever they are in an answer. */
    private static final Set<String> FIELDS =
            Set.of("env", "tls_key", "key", "certificate", "tls_cert", "old_tls_cert", "config", "url");

    private Secrets() {}

    /** The value as a tree, without secrets. */
    static JsonNode without(Object value, FlynnJson json) {
        // by way of the text, because an event has JSON in it that is only text before it is written
        JsonNode tree = json.readTree(json.write(value));
        strip(tree);
        return tree;
    }

    private static void strip(JsonNode tree) {
        if (tree instanceof ObjectNode object) {
            object.remove(FIELDS);
        }
        tree.forEach(Secrets::strip);
    }
}
