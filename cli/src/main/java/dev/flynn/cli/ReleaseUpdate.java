package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Releases that come from a file of the user's: a release object as the API has it, whole or in part. */
final class ReleaseUpdate {

    private static final List<String> NOT_TO_CHANGE = List.of("id", "app_id", "created_at");

    private ReleaseUpdate() {}

    static ObjectNode read(Path file) {
        try {
            if (new FlynnJson().readTree(Files.readString(file)) instanceof ObjectNode object) {
                return object;
            }
            throw new CliException(file + " must hold one JSON object");
        } catch (IOException e) {
            throw new CliException("cannot read " + FileProblem.of(e), e);
        }
    }

    /**
     * Changes a release field by field: objects (env, meta, processes and what is in them) are merged, {@code null}
     * removes, everything else is replaced (RFC 7396). Whose release it is stays; id and time are the new one's own.
     */
    static Release merge(Release base, ObjectNode changes) {
        var json = new FlynnJson();
        ObjectNode own = changes.deepCopy().remove(NOT_TO_CHANGE);
        var tree = (ObjectNode) json.toTree(base);
        forgetOtherForms(tree, own);
        merge(tree, own);
        Release merged = json.convert(tree, Release.class);
        return new Release(
                ReleaseId.random(),
                base.app(),
                merged.artifacts(),
                merged.env(),
                merged.meta(),
                merged.processes(),
                Instant.EPOCH);
    }

    /** Some things can be said in two ways (the artifacts, a command line); what the file says replaces both. */
    private static void forgetOtherForms(ObjectNode tree, ObjectNode changes) {
        JsonNode artifact = changes.remove("artifact");
        if (artifact != null && artifact.isTextual() && !changes.has("artifacts")) {
            changes.putArray("artifacts").add(artifact);
        }
        changes.path("processes").fields().forEachRemaining(type -> {
            if (type.getValue().has("args")
                    && tree.path("processes").path(type.getKey()) instanceof ObjectNode process) {
                process.remove(List.of("cmd", "entrypoint"));
            }
        });
    }

    private static void merge(ObjectNode target, ObjectNode changes) {
        changes.fields().forEachRemaining(change -> {
            JsonNode value = change.getValue();
            if (value.isNull()) {
                target.remove(change.getKey());
            } else if (value instanceof ObjectNode inner) {
                boolean isThere = target.get(change.getKey()) instanceof ObjectNode;
                merge(isThere ? (ObjectNode) target.get(change.getKey()) : target.putObject(change.getKey()), inner);
            } else {
                target.set(change.getKey(), value);
            }
        });
    }
}
