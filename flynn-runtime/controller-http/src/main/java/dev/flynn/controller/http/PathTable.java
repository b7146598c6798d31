package dev.flynn.controller.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which methods and paths exist, taken from the annotations of the endpoints. The contract knows no 405: whatever is not here
 * does not exist; a path that differs by a trailing slash or the case of its letters is redirected.
 */
final class PathTable {

    private final List<Entry> entries = new ArrayList<>();
    private final Map<Shape, List<Entry>> byShape;

    /** What a request must have in common with an entry at least. */
    private record Shape(String method, int segments) {}

    PathTable(Iterable<?> endpoints) {
        for (Object endpoint : endpoints) {
            Path base = endpoint.getClass().getAnnotation(Path.class);
            if (base != null) {
                for (Method method : endpoint.getClass().getMethods()) {
                    httpMethod(method).ifPresent(name -> entries.add(Entry.of(name, template(base, method))));
                }
            }
        }
        this.byShape = entries.stream().collect(Collectors.groupingBy(Entry::shape));
    }

    /**
     * What a request is for.
     *
     * @param path as it should be written; one that was written otherwise is redirected there
     * @param template as {@code /apps/{app}/jobs/{job}}
     * @param variables what stands where the template has names
     */
    record Found(String method, String path, String template, Map<String, String> variables) {}

    /** What exists for a request. */
    Optional<Found> find(String method, String path) {
        List<String> segments = segments(path);
        Optional<Found> close = Optional.empty();
        for (Entry entry : byShape.getOrDefault(new Shape(method, segments.size()), List.of())) {
            if (entry.fits(segments)) {
                Found found = entry.found(segments);
                if (found.path().equals(path)) {
                    return Optional.of(found);
                }
                close = close.or(() -> Optional.of(found));
            }
        }
        return close;
    }

    /** Every method that something exists for. */
    Set<String> methods() {
        return entries.stream().map(Entry::method).collect(Collectors.toUnmodifiableSet());
    }

    /** Every method with its template: {@code GET /apps/{app}}. */
    List<String> requests() {
        return entries.stream()
                .map(entry -> entry.method + " " + entry.text)
                .sorted()
                .toList();
    }

    static Optional<String> httpMethod(Method method) {
        for (Annotation annotation : method.getAnnotations()) {
            HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (http != null) {
                return Optional.of(http.value());
            }
        }
        return Optional.empty();
    }

    private static List<String> template(Path base, Method method) {
        Path own = method.getAnnotation(Path.class);
        return segments("/" + base.value() + "/" + (own == null ? "" : own.value()));
    }

    /** The segments of a path; a trailing slash, or several in a row, make no segment. */
    private static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.split("/")) {
            if (!segment.isEmpty()) {
                segments.add(segment);
            }
        }
        return segments;
    }

    /** @param text the template as it is told */
    private record Entry(String method, List<String> template, String text) {

        static Entry of(String method, List<String> template) {
            return new Entry(method, template, "/" + String.join("/", template));
        }

        Shape shape() {
            return new Shape(method, template.size());
        }

        /** Whether these, which are as many, are the segments of its path. */
        boolean fits(List<String> segments) {
            for (int i = 0; i < segments.size(); i++) {
                String expected = template.get(i);
                if (!isVariable(expected) && !expected.equalsIgnoreCase(segments.get(i))) {
                    return false;
                }
            }
            return true;
        }

        Found found(List<String> segments) {
            StringBuilder path = new StringBuilder();
            Map<String, String> variables = new HashMap<>();
            for (int i = 0; i < segments.size(); i++) {
                String expected = template.get(i);
                String actual = segments.get(i);
                if (isVariable(expected)) {
                    path.append('/').append(actual);
                    variables.put(expected.substring(1, expected.length() - 1), decoded(actual));
                } else {
                    path.append('/').append(expected);
                }
            }
            return new Found(method, path.toString(), text, variables);
        }

        private static boolean isVariable(String segment) {
            return segment.startsWith("{");
        }

        /** As Jersey decodes it. */
        private static String decoded(String segment) {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        }
    }
}
