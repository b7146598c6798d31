package dev.flynn.controller.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which methods and paths exist, taken from the annotations of the endpoints. The contract knows no 405: whatever is not here
 * does not exist; a path that differs by a trailing slash or the case of its letters is redirected.
 */
final class PathTable {

    private final List<Entry> entries = new ArrayList<>();

    PathTable(Iterable<?> endpoints) {
        for (Object endpoint : endpoints) {
            Path base = endpoint.getClass().getAnnotation(Path.class);
            if (base != null) {
                for (Method method : endpoint.getClass().getMethods()) {
                    httpMethod(method).ifPresent(name -> entries.add(new Entry(name, template(base, method))));
                }
            }
        }
    }

    /** What exists for a request: the path itself, the path to redirect to, or nothing. */
    Optional<String> find(String method, String path) {
        List<String> segments = segments(path);
        Optional<String> close = Optional.empty();
        for (Entry entry : entries) {
            if (entry.method.equals(method)) {
                Optional<String> canonical = entry.canonical(segments);
                if (canonical.isPresent() && canonical.get().equals(path)) {
                    return canonical;
                }
                close = close.or(() -> canonical);
            }
        }
        return close;
    }

    private static Optional<String> httpMethod(Method method) {
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

    private record Entry(String method, List<String> template) {

        /** The path as it should be written, if these are its segments. */
        Optional<String> canonical(List<String> segments) {
            if (segments.size() != template.size()) {
                return Optional.empty();
            }
            StringBuilder path = new StringBuilder();
            for (int i = 0; i < segments.size(); i++) {
                String expected = template.get(i);
                String actual = segments.get(i);
                if (expected.startsWith("{")) {
                    path.append('/').append(actual);
                } else if (expected.equalsIgnoreCase(actual)) {
                    path.append('/').append(expected);
                } else {
                    return Optional.empty();
                }
            }
            return Optional.of(path.toString());
        }
    }
}
