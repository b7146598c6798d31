package dev.flynn.configurator;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where macros get from what they stand for. */
interface MacroSource {

    /** What a store has at a path. */
    Optional<String> value(String path);

    /** The names right below a path of a store, sorted. */
    List<String> keys(String path);

    /** A variable of this program's environment. */
    Optional<String> environment(String name);

    /** The addresses of a service, the leader's first. */
    List<String> service(String name);

    /** A file with this content, which stays as long as a configuration names it. */
    Path file(String path, String content);
}
