package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import java.util.List;
import java.util.Optional;

/**
 * One step of a manifest.
 *
 * @param after the steps that must be done before; empty means all that stand before it
 * @param members everything that belongs to the action
 */
record Step(String id, String action, Optional<List<String>> after, JsonNode members) {

    Step {
        after = after.map(List::copyOf);
    }

    /** A text member, empty if it is not there. */
    String text(String member) {
        return members.path(member).asText("");
    }

    /** @throws FlynnException {@code VALIDATION} if it is not there */
    String requiredText(String member) {
        String text = text(member);
        if (text.isEmpty()) {
            throw FlynnException.invalid("bootstrap: step \"%s\" needs a member \"%s\"".formatted(id, member));
        }
        return text;
    }

    JsonNode member(String name) {
        return members.path(name);
    }
}
