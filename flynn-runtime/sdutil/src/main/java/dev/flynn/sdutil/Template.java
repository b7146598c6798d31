package dev.flynn.sdutil;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A text with actions in double braces, in the part of Go's template language that configuration files need: fields, a call with
 * one argument, {@code if}, {@code else}, {@code range}, {@code with}, {@code end}, comments, and dashes that trim white space.
 *
 * <pre>{@code
 * {{range (.ServiceSet "web").Services}}server {{.Addr}};
 * {{end}}
 * }</pre>
 */
final class Template {

    private static final Pattern ACTION = Pattern.compile("\\{\\{(- )?(.*?)( -)?\\}\\}", Pattern.DOTALL);
    private static final Pattern TOKEN =
            Pattern.compile("\\s*(?:(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)|([()])|(\\.[A-Za-z_0-9]*))");

    /** What a name after a dot means for a value; empty if it means nothing. */
    interface Fields {
        /** @param argument of a call */
        Optional<Object> get(Object value, String name, Optional<String> argument);
    }

    private sealed interface Node {}

    private record Text(String text) implements Node {}

    private record Output(String expression) implements Node {}

    private record Block(String kind, String expression, List<Node> body, List<Node> otherwise) implements Node {}

    private final String name;
    private final List<Node> nodes;

    private Template(String name, List<Node> nodes) {
        this.name = name;
        this.nodes = nodes;
    }

    static Template parse(String name, String text) {
        return new Parser(name, text).parse();
    }

    String render(Object root, Fields fields) {
        var out = new StringBuilder();
        render(nodes, root, fields, out);
        return out.toString();
    }

    private void render(List<Node> body, Object dot, Fields fields, StringBuilder out) {
        for (Node node : body) {
            if (node instanceof Text text) {
                out.append(text.text());
            } else if (node instanceof Output output) {
                out.append(value(output.expression(), dot, fields).orElse("<no value>"));
            } else if (node instanceof Block block) {
                render(block, dot, fields, out);
            }
        }
    }

    private void render(Block block, Object dot, Fields fields, StringBuilder out) {
        Optional<Object> value = value(block.expression(), dot, fields).filter(Template::isTrue);
        if (value.isEmpty()) {
            render(block.otherwise(), dot, fields, out);
            return;
        }
        switch (block.kind()) {
            case "if" -> render(block.body(), dot, fields, out);
            case "with" -> render(block.body(), value.get(), fields, out);
            default -> {
                if (!(value.get() instanceof Collection<?> all)) {
                    throw error(name, "range over what is no list: " + block.expression());
                }
                all.forEach(one -> render(block.body(), one, fields, out));
            }
        }
    }

    private static boolean isTrue(Object value) {
        return !(value.equals("")
                || value instanceof Collection<?> all && all.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty());
    }

    private Optional<Object> value(String expression, Object dot, Fields fields) {
        return new Expression(name, expression, dot, fields).evaluate();
    }

    private static Usage error(String name, String problem) {
        return new Usage(Usage.FATAL, "template " + name + ": " + problem);
    }

    /** Fields after fields, from the dot or from something in parentheses; the last one of a chain may have an argument. */
    private static final class Expression {

        private final String template;
        private final String text;
        private final Object dot;
        private final Fields fields;
        private final List<String> tokens = new ArrayList<>();
        private int at;

        Expression(String template, String text, Object dot, Fields fields) {
            this.template = template;
            this.text = text;
            this.dot = dot;
            this.fields = fields;
            Matcher token = TOKEN.matcher(text);
            int end = 0;
            while (token.find() && token.start() == end) {
                tokens.add(token.group().strip());
                end = token.end();
            }
            if (!text.substring(end).isBlank()) {
                throw error(template, "\"" + text + "\" is not understood");
            }
        }

        Optional<Object> evaluate() {
            Optional<Object> value = chain();
            if (at < tokens.size()) {
                throw error(template, "\"" + text + "\" is not understood from \"" + tokens.get(at) + "\" on");
            }
            return value;
        }

        private Optional<Object> chain() {
            String first = next();
            Optional<Object> value;
            if (first.equals("(")) {
                value = chain();
                if (!next().equals(")")) {
                    throw error(template, "a parenthesis is missing in \"" + text + "\"");
                }
            } else if (first.startsWith(".")) {
                value = field(Optional.of(dot), first);
            } else if (first.startsWith("\"") || first.startsWith("`")) {
                value = Optional.of(unquoted(first));
            } else {
                throw error(template, "\"" + text + "\" is not understood");
            }
            while (at < tokens.size() && tokens.get(at).startsWith(".")) {
                value = field(value, next());
            }
            return value;
        }

        private Optional<Object> field(Optional<Object> value, String token) {
            if (token.equals(".")) {
                return value;
            }
            Optional<String> argument = Optional.empty();
            if (at < tokens.size()
                    && (tokens.get(at).startsWith("\"") || tokens.get(at).startsWith("`"))) {
                argument = Optional.of(unquoted(next()));
            }
            Optional<String> given = argument;
            return value.flatMap(present -> fields.get(present, token.substring(1), given));
        }

        private String next() {
            if (at == tokens.size()) {
                throw error(template, "\"" + text + "\" ends too early");
            }
            return tokens.get(at++);
        }

        private static String unquoted(String literal) {
            String inner = literal.substring(1, literal.length() - 1);
            return literal.startsWith("`") ? inner : inner.replaceAll("\\\\(.)", "$1");
        }
    }

    private static final class Parser {

        private final String name;
        private final String text;
        private final Matcher action;
        private int at;
        private boolean trim;
        private String ending = "";

        Parser(String name, String text) {
            this.name = name;
            this.text = text;
            this.action = ACTION.matcher(text);
        }

        Template parse() {
            List<Node> all = nodes(null);
            return new Template(name, all);
        }

        /** Reads until the end of a block, or of the text. */
        private List<Node> nodes(@Nullable String block) {
            List<Node> nodes = new ArrayList<>();
            while (action.find(at)) {
                plain(nodes, text.substring(at, action.start()), action.group(1) != null);
                at = action.end();
                trim = action.group(3) != null;
                String content = action.group(2).strip();
                String word = content.split("[\\s(]", 2)[0];
                switch (word) {
                    case "end", "else" -> {
                        if (block == null || word.equals("else") && !content.equals("else")) {
                            throw error(name, "\"{{" + content + "}}\" is not understood here");
                        }
                        ending = word;
                        return nodes;
                    }
                    case "if", "range", "with" -> nodes.add(block(word, content.substring(word.length())));
                    default -> {
                        if (!content.startsWith("/*")) {
                            nodes.add(new Output(content));
                        }
                    }
                }
            }
            if (block != null) {
                throw error(name, "{{end}} of {{" + block + "}} is missing");
            }
            plain(nodes, text.substring(at), false);
            return nodes;
        }

        private Block block(String kind, String expression) {
            List<Node> body = nodes(kind);
            List<Node> otherwise = ending.equals("else") ? nodes(kind) : List.of();
            return new Block(kind, expression, body, otherwise);
        }

        private void plain(List<Node> nodes, String between, boolean trimEnd) {
            String shown = trim ? between.stripLeading() : between;
            nodes.add(new Text(trimEnd ? shown.stripTrailing() : shown));
        }
    }
}
