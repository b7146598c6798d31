package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where a document is kept, and the values that its macros name. Thread-safe. */
public interface ConfigStore extends AutoCloseable {

    /**
     * A document as it was found.
     *
     * @param revision another one for each change
     */
    record Stored(JsonNode document, String revision) {}

    /** @throws dev.flynn.api.error.FlynnException {@code UNAVAILABLE} if it cannot be read, or is none */
    Stored pull();

    /** @return false if the document is not of that revision any more, and nothing has happened */
    boolean commit(JsonNode document, String revision);

    /** What is at a path; empty if nothing is. */
    Optional<String> value(String path);

    /** The names right below a path, sorted. */
    List<String> keys(String path);

    /** Calls, from a thread of its own, when the document may be another one. Only once. */
    void watch(Runnable changed);

    @Override
    void close();

    /**
     * The store that a URI names: {@code file:///path.json} or {@code consul://host:port/prefix}.
     *
     * @throws Refusal if it names none
     */
    static ConfigStore of(String uri) {
        URI parsed;
        try {
            parsed = URI.create(uri);
        } catch (IllegalArgumentException e) {
            throw Refusal.invalid("\"%s\" is no URI (%s)".formatted(uri, e.getMessage()));
        }
        if ("file".equals(parsed.getScheme()) && parsed.getPath() != null) {
            return new FileStore(Path.of(parsed.getPath()));
        }
        if ("consul".equals(parsed.getScheme()) && parsed.getAuthority() != null) {
            return new ConsulStore(URI.create("http://" + parsed.getAuthority()), String.valueOf(parsed.getPath()));
        }
        throw Refusal.invalid(
                "there is no store \"%s\"; there are file:///path.json and consul://host:port/prefix".formatted(uri));
    }
}
