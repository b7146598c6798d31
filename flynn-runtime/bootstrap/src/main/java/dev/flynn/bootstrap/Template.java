package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of Go's text templates that manifests use (contract: layer 0, Templating): {@code getenv}, {@code md5sum}, results
 * of steps, fields of the state, and a loop over a list. A text that is no such template, or cannot be evaluated, stays as
 * it is.
 */
final class Template {

    private static final Logger log = LoggerFactory.getLogger(Template.class);

    private static final String TEXT = "\"((?:[^\"\\\\]|\\\\.)*)\"";
    private static final Pattern ACTION = Pattern.compile("\\{\\{\\s*(.*?)\\s*}}", Pattern.DOTALL);
    private static final Pattern GETENV = Pattern.compile("getenv\\s+" + TEXT);
    private static final Pattern MD5SUM = Pattern.compile("md5sum\\s+" + TEXT);
    private static final Pattern STEP_DATA =
            Pattern.compile("\\(\\s*index\\s+\\.StepData\\s+" + TEXT + "\\s*\\)((?:\\.\\w+)+)");
    private static final Pattern FIELD = Pattern.compile("\\.(\\w+)");
    private static final Pattern LOOP = Pattern.compile(
            "\\{\\{\\s*range\\s+(\\$\\w+)\\s*:=\\s*\\.(\\w+)\\s*}}(.*?)\\{\\{\\s*end\\s*}}", Pattern.DOTALL);

    /** Names of fields that are not simply their JSON name in another spelling. */
    private static final Map<String, String> JSON_NAMES = Map.of("privatekey", "key");

    private final Map<String, String> env;
    private final Function<String, Optional<JsonNode>> stepData;
    private final Function<String, Optional<String>> fields;
    private final Function<String, Optional<List<String>>> lists;

    /** A text that cannot be evaluated; the message says why. */
    private static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    /**
     * @param stepData results by step
     * @param fields of the state that are one value, such as {@code Singleton}
     * @param lists of the state, such as {@code SortedHostIPs}
     */
    Template(
            Map<String, String> env,
            Function<String, Optional<JsonNode>> stepData,
            Function<String, Optional<String>> fields,
            Function<String, Optional<List<String>>> lists) {
        this.env = env;
        this.stepData = stepData;
        this.fields = fields;
        this.lists = lists;
    }

    String evaluate(String text) {
        if (!text.contains("{{")) {
            return text;
        }
        try {
            return actions(loops(text), Map.of());
        } catch (Unusable e) {
            log.atWarn()
                    .addKeyValue("template", text)
                    .addKeyValue("reason", e.getMessage())
                    .log("Ignoring error");
            return text;
        }
    }

    private String loops(String text) throws Unusable {
        Matcher loop = LOOP.matcher(text);
        var result = new StringBuilder();
        int end = 0;
        while (loop.find()) {
            result.append(text, end, loop.start());
            String name = loop.group(2);
            List<String> items = lists.apply(name).orElseThrow(() -> new Unusable("no list ." + name));
            for (String item : items) {
                result.append(actions(loop.group(3), Map.of(loop.group(1), item)));
            }
            end = loop.end();
        }
        return result.append(text.substring(end)).toString();
    }

    private String actions(String text, Map<String, String> variables) throws Unusable {
        Matcher action = ACTION.matcher(text);
        var result = new StringBuilder();
        int end = 0;
        while (action.find()) {
            result.append(text, end, action.start()).append(value(action.group(1), variables));
            end = action.end();
        }
        String rest = text.substring(end);
        if (rest.contains("{{")) {
            throw new Unusable("an action is not closed");
        }
        return result.append(rest).toString();
    }

    private String value(String action, Map<String, String> variables) throws Unusable {
        Matcher matcher = GETENV.matcher(action);
        if (matcher.matches()) {
            return env.getOrDefault(unquoted(matcher.group(1)), "");
        }
        matcher = MD5SUM.matcher(action);
        if (matcher.matches()) {
            return md5(unquoted(matcher.group(1)));
        }
        matcher = STEP_DATA.matcher(action);
        if (matcher.matches()) {
            return result(unquoted(matcher.group(1)), matcher.group(2));
        }
        matcher = FIELD.matcher(action);
        Optional<String> value =
                matcher.matches() ? fields.apply(matcher.group(1)) : Optional.ofNullable(variables.get(action));
        return value.orElseThrow(() -> new Unusable("cannot evaluate \"" + action + "\""));
    }

    private String result(String step, String path) throws Unusable {
        JsonNode node = stepData.apply(step).orElseThrow(() -> new Unusable("no result of step \"" + step + "\""));
        for (String field : path.substring(1).split("\\.")) {
            node = field(node, field)
                    .orElseThrow(() -> new Unusable("the result of step \"%s\" has no field %s".formatted(step, path)));
        }
        return node.isValueNode() ? node.asText() : node.toString();
    }

    /** Finds {@code CACert} under {@code ca_cert}. */
    private static Optional<JsonNode> field(JsonNode node, String goName) {
        String wanted = goName.toLowerCase(Locale.ROOT);
        String alias = JSON_NAMES.getOrDefault(wanted, wanted);
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            String name = member.getKey().replace("_", "").toLowerCase(Locale.ROOT);
            if (name.equals(wanted) || name.equals(alias)) {
                return Optional.of(member.getValue());
            }
        }
        return Optional.empty();
    }

    private static String unquoted(String text) {
        return text.replaceAll("\\\\(.)", "$1");
    }

    private static String md5(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
