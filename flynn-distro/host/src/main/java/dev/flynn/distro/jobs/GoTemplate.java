package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of Go's templates that {@code ps -f} needs: fields of a job by their Go names, such as {@code {{.Job.ID}}}, and
 * {@code {{metadata "key"}}}. Anything else is refused.
 */
final class GoTemplate {

    private static final Pattern ACTION = Pattern.compile("\\{\\{(.*?)}}", Pattern.DOTALL);
    private static final Pattern FIELDS = Pattern.compile("(\\.[A-Za-z][A-Za-z0-9_]*)+");
    private static final Pattern METADATA = Pattern.compile("metadata\\s+\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final String text;

    /** @throws FlynnException {@code VALIDATION} naming what is not supported */
    GoTemplate(String text) {
        this.text = text;
        Matcher actions = ACTION.matcher(text);
        while (actions.find()) {
            String action = actions.group(1).strip();
            if (!FIELDS.matcher(action).matches() && !METADATA.matcher(action).matches()) {
                throw FlynnException.invalid(
                        "%s is not supported in -f; there are fields, such as {{.Job.ID}} and {{.Status}}, and {{metadata \"key\"}}"
                                .formatted(actions.group()));
            }
        }
        if (actions.replaceAll("").contains("{{")) {
            throw FlynnException.invalid("-f has a {{ without its }}");
        }
    }

    String of(JobView job) {
        return ACTION.matcher(text)
                .replaceAll(found ->
                        Matcher.quoteReplacement(value(job, found.group(1).strip())));
    }

    private static String value(JobView job, String action) {
        Matcher metadata = METADATA.matcher(action);
        if (metadata.matches()) {
            return job.metadata(metadata.group(1).replaceAll("\\\\(.)", "$1"));
        }
        if (action.equals(".Status")) {
            return job.state();
        }
        JsonNode value = job.json();
        for (String name : action.substring(1).split("\\.", -1)) {
            value = field(value, name);
        }
        return value.isValueNode() ? value.asText() : value.isMissingNode() ? "" : value.toString();
    }

    /** By its name in Go: without underscores, in any case; entries of maps by their own. */
    private static JsonNode field(JsonNode object, String name) {
        if (object.has(name)) {
            return object.get(name);
        }
        for (var entry : object.properties()) {
            if (entry.getKey().replace("_", "").toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT))) {
                return entry.getValue();
            }
        }
        return object.path("");
    }
}
