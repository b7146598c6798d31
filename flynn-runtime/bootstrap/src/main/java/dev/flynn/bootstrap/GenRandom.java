package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.FlynnException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.UUID;

/** {@code gen-random}: a secret, given or made up; the same one for ever. */
final class GenRandom implements Action {

    static final String NAME = "gen-random";

    private static final int DEFAULT_LENGTH = 16;
    private static final int MAX_LENGTH = 4096;
    private static final String HIDDEN = "********";

    private final Cluster cluster;
    private final SecureRandom random = new SecureRandom();

    GenRandom(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) {
        String given = cluster.evaluated(step, "data");
        return JsonNodeFactory.instance.objectNode().put("data", given.isEmpty() ? random(step) : given);
    }

    private String random(Step step) {
        int length = step.member("length").asInt(DEFAULT_LENGTH);
        if (length < 1 || length > MAX_LENGTH) {
            throw FlynnException.invalid("bootstrap: step \"%s\": length must be 1 to %d bytes, was %d"
                    .formatted(step.id(), MAX_LENGTH, length));
        }
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        String encoding = step.text("encoding");
        return switch (encoding) {
            case "", "hex" -> HexFormat.of().formatHex(bytes);
            case "base64" -> Base64.getEncoder().encodeToString(bytes);
            case "base64safe" -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
            case "uuid" -> UUID.randomUUID().toString();
            default ->
                throw FlynnException.invalid(
                        "bootstrap: step \"%s\": encoding must be hex, base64, base64safe or uuid, was \"%s\""
                                .formatted(step.id(), encoding));
        };
    }

    @Override
    public String text(JsonNode result) {
        return HIDDEN;
    }
}
